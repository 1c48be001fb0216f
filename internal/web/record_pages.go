package web

import (
	"net/http"

	"hansei"
	"hansei/internal/auth"
)

// recordPages are the pages about records.
func (s *Server) recordPages() map[string]page {
	return map[string]page{
		"GET /incidents":                      s.incidentList,
		"GET /incidents.csv":                  s.incidentCSV,
		"GET /incidents/{id}":                 s.incidentPage,
		"GET /incidents/{id}/edit":            s.editPage,
		"POST /incidents/{id}/edit":           s.saveEdit,
		"POST /incidents/{id}/undo":           s.undoEdit,
		"POST /incidents/{id}/delete":         s.deleteRecord,
		"POST /incidents/{id}/restore":        s.restoreRecord,
		"GET /records/{kind}/{id}":            s.recordPage,
		"GET /records/{kind}/{id}/edit":       s.editPage,
		"POST /records/{kind}/{id}/edit":      s.saveEdit,
		"POST /records/{kind}/{id}/undo":      s.undoEdit,
		"POST /records/{kind}/{id}/delete":    s.deleteRecord,
		"POST /records/{kind}/{id}/restore":   s.restoreRecord,
		"GET /imports":                        s.importList,
		"GET /imports/new":                    s.dropPage,
		"POST /imports/new":                   s.dropFile,
		"GET /imports/{id}":                   s.importPage,
		"GET /imports/{id}/{part}":            part(s.planPage, map[string]page{"progress": s.importProgress, "raw": s.rawImport, "mapping": s.importMapping}),
		"POST /imports/{id}/{part}":           part(s.importUpload, map[string]page{"replay": s.replayImport}),
		"GET /sql":                            s.sqlPage,
		"POST /sql":                           s.sqlForm,
		"GET /sql.csv":                        s.sqlCSV,
		"GET /settings":                       s.settingsPage,
		"POST /settings":                      s.saveSettings,
		"GET /settings/metrics/{id}":          s.metricForm,
		"POST /settings/metrics/{id}":         s.saveMetric,
		"POST /settings/metrics/{id}/delete":  s.removeMetric,
		"POST /settings/metrics/{id}/restore": s.restoreMetric,
	}
}

// part tells /imports/new/{hash} from the parts of a delivery's page, which
// the patterns of a ServeMux cannot.
func part(upload page, parts map[string]page) page {
	return func(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
		name := r.PathValue("part")
		if r.PathValue("id") == "new" {
			r.SetPathValue("hash", name)
			return upload(w, r, who)
		}
		if p, ok := parts[name]; ok {
			return p(w, r, who)
		}
		return hansei.ErrNotFound
	}
}
