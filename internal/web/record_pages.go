package web

// recordPages are the pages about records.
func (s *Server) recordPages() map[string]page {
	return map[string]page{
		"GET /incidents":           s.incidentList,
		"GET /incidents.csv":       s.incidentCSV,
		"GET /incidents/{id}":      s.incidentPage,
		"GET /records/{kind}/{id}": s.recordPage,
	}
}
