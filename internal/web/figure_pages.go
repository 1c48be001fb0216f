package web

// figurePages are the pages about numbers.
func (s *Server) figurePages() map[string]page {
	return map[string]page{
		"GET /{$}": s.overview,
	}
}
