package web

// recordPages are the pages about records.
func (s *Server) recordPages() map[string]page {
	return map[string]page{
		"GET /incidents":                    s.incidentList,
		"GET /incidents.csv":                s.incidentCSV,
		"GET /incidents/{id}":               s.incidentPage,
		"GET /incidents/{id}/edit":          s.editPage,
		"POST /incidents/{id}/edit":         s.saveEdit,
		"POST /incidents/{id}/undo":         s.undoEdit,
		"POST /incidents/{id}/delete":       s.deleteRecord,
		"POST /incidents/{id}/restore":      s.restoreRecord,
		"GET /records/{kind}/{id}":          s.recordPage,
		"GET /records/{kind}/{id}/edit":     s.editPage,
		"POST /records/{kind}/{id}/edit":    s.saveEdit,
		"POST /records/{kind}/{id}/undo":    s.undoEdit,
		"POST /records/{kind}/{id}/delete":  s.deleteRecord,
		"POST /records/{kind}/{id}/restore": s.restoreRecord,
	}
}
