package web

// figurePages are the pages about numbers.
func (s *Server) figurePages() map[string]page {
	return map[string]page{
		"GET /{$}":                    s.overview,
		"GET /metrics":                s.metricList,
		"GET /metrics/{id}":           s.metricPage,
		"GET /metrics/{id}/records":   s.metricRecords,
		"GET /services":               s.serviceList,
		"GET /services/{id}":          s.servicePage,
		"POST /services/{id}/merge":   s.mergeService,
		"POST /services/{id}/unmerge": s.unmergeService,
	}
}
