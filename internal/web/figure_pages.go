package web

// figurePages are the pages about numbers.
func (s *Server) figurePages() map[string]page {
	return map[string]page{
		"GET /{$}":                    s.inline(s.overview),
		"GET /metrics":                s.inline(s.metricList),
		"GET /metrics/{id}":           s.inline(s.metricPage),
		"GET /metrics/{id}/records":   s.inline(s.metricRecords),
		"GET /services":               s.inline(s.serviceList),
		"GET /services/{id}":          s.inline(s.servicePage),
		"POST /services/{id}/merge":   s.mergeService,
		"POST /services/{id}/unmerge": s.unmergeService,
	}
}
