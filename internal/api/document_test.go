package api

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

func TestDocuments(t *testing.T) {
	w := open(t)
	doc := w.must(200, "GET", "/openapi.json", "")
	if v, _ := doc["openapi"].(string); !strings.HasPrefix(v, "3.1") {
		t.Errorf("got OpenAPI %v", doc["openapi"])
	}
	refs(t, doc, doc)
	seen := map[string]bool{}
	for path, item := range doc["paths"].(map[string]any) {
		for method, o := range item.(map[string]any) {
			id, _ := o.(map[string]any)["operationId"].(string)
			if id == "" || seen[id] {
				t.Errorf("%s %s: operation id %q is missing or used twice", method, path, id)
			}
			seen[id] = true
		}
	}
	res, err := w.Client().Get(w.URL + "/api")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	for id := range seen {
		if !bytes.Contains(page, []byte(`id="`+id+`"`)) {
			t.Errorf("the reference page lacks %s", id)
		}
	}
	if bytes.Contains(page, []byte("src=")) || bytes.Contains(page, []byte("https://")) {
		t.Error("the reference page loads something from elsewhere")
	}
}

// refs checks that every $ref of a document leads somewhere in it.
func refs(t *testing.T, doc map[string]any, v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			refs(t, doc, x)
		}
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			var at any = doc
			for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
				m, _ := at.(map[string]any)
				at = m[part]
			}
			if at == nil {
				t.Errorf("%s leads nowhere", ref)
			}
		}
		for _, x := range v {
			refs(t, doc, x)
		}
	}
}

// TestEveryOperationIsReachable sends each operation of the document a request:
// an answer, or a problem of the operation's own, but never "nothing here".
func TestEveryOperationIsReachable(t *testing.T) {
	w := open(t)
	id := w.load()
	w.must(200, "PUT", "/api/v1/metrics/mine", "id: mine\ntitle: T\nof: incident\nmeasure: {count: true}\n")
	bodies := map[string]string{
		"put-metric": "id: mine\ntitle: U\nof: incident\nmeasure: {count: true}\n", "create-record": `{"fields":{"name":"n"}}`, "edit-record": `{"fields":{"name":"n"}}`,
		"merge-record": `{"into":"db"}`, "edit-organization": `{"name":"n"}`, "import": incidents + "4,four,sev1,2025-01-04T00:00:00Z,,web\n", "plan-import": incidents, "sql": `{"sql":"SELECT 1"}`,
	}
	statuses := map[string]int{"create-record": 201, "import": 202, "replay-import": 202, "unmerge-record": 200}
	w.must(201, "POST", "/api/v1/sources", `{"tool":"toy","name":"ours"}`)
	delivery := w.deliver(w.sources, "one")
	w.deliver(w.sources, "two")
	for op, body := range map[string]string{"add-source": `{"tool":"toy","name":"other"}`, "try-source": `{"tool":"toy"}`, "edit-source": `{"paused":false}`,
		"try-filter": `{"filter":[{"field":"severity","in":["sev1"]}]}`, "replay": `{}`, "set-aside": `{}`, "decide-join": `{"a":"ours:one","b":"ours:two","verdict":"confirmed"}`, "edit-rules": `{"keep_payloads":30}`} {
		bodies[op] = body
	}
	for op, status := range map[string]int{"add-source": 201, "remove-source": 204, "pull-source": 202, "replay": 202} {
		statuses[op] = status
	}
	// An incident, its retrospective and a follow-up of the id that paths are
	// filled with.
	w.must(201, "POST", "/api/v1/records/incident", `{"id":"web","fields":{"title":"Web is down","declared_at":"2025-01-05T00:00:00Z"}}`)
	w.must(201, "POST", "/api/v1/records/follow-up", `{"id":"web","fields":{"title":"Alert earlier","status":"open","created_at":"2025-01-06T00:00:00Z"}}`)
	w.must(201, "POST", "/api/v1/records/incident", `{"id":"web-2","fields":{"title":"Web is down again","declared_at":"2025-02-05T00:00:00Z"}}`)
	bodies["judge"], statuses["retract-judgement"] = `{"a":"web","b":"web-2","verdict":"same","place":1}`, 204
	w.must(200, "POST", "/api/v1/retrospectives", `{"incident":"web"}`)
	for op, body := range map[string]string{"draft-retrospective": `{"incident":"web"}`, "describe-retrospective": `{"fields":{"trigger":"a deployment"}}`,
		"write-section": `{"base":"","text":"Nobody could log in."}`, "code-retrospective": `{"factors":[{"name":"testing gap"}]}`,
		"tell-retrospective": `{"entries":[]}`, "comment-retrospective": `{"section":"summary","text":"Since when?"}`, "move-retrospective": `{"state":"in_review"}`,
		"dismiss-remark": `{"sentence":"It was so."}`, "restore-retrospective": `{"revision":1,"section":"lessons"}`,
		"import-retrospective": "# Down\n\nIt was down.\n", "add-follow-up": `{"title":"Test it"}`, "close-follow-up": `{"status":"done"}`,
		"edit-follow-up": `{"fields":{"size":"small"}}`, "verify-follow-up": `{"worked":true}`, "push-follow-up": `{"source":"code","issue":"acme/shop#7"}`,
		"change-follow-ups": `{"ids":["web"],"priority":"low"}`, "undo-follow-ups": `{"after":0,"through":1}`} {
		bodies[op] = body
	}
	statuses["add-follow-up"] = 201
	bodies["draft-retrospectives"] = `{"since":"2025-01-01","until":"2025-03-01","dry_run":true}`
	bodies["forget-person"] = `{"name":"Ann Lee"}`
	w.must(201, "POST", "/api/v1/records/person", `{"id":"ann-lee","fields":{"name":"Ann Lee"}}`)
	bodies["correct-document"], bodies["drop-document"], bodies["import-archive"] = `{"severity":"sev2"}`, `{"dropped":true}`, zipped(t)
	w.must(201, "POST", "/api/v1/channels", `{"type":"webhook","name":"ours","settings":{"url":"http://127.0.0.1:1/x"}}`)
	if _, err := w.outbox.Records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
		return errors.Join(tx.AddWork(hansei.Delivery{ID: "drafts-x", Source: "retrospective-drafts"}, "running", "{}", "{}"),
			tx.AddNotice(record.Notice{ID: "web", Event: "due", Channel: "ours", Subject: "Due", Doc: []byte("{}")}), tx.EndNotice("web", record.NoticeFailed, "no"))
	}); err != nil {
		t.Fatal(err)
	}
	for op, body := range map[string]string{"add-channel": `{"type":"email","name":"other","settings":{"addresses":"a@b.example"}}`, "try-channel": `{"type":"email","settings":{"addresses":"a@b.example"}}`,
		"edit-channel": `{"paused":true}`, "set-notice-rules": `{"hour":8,"similar_from":"never"}`} {
		bodies[op] = body
	}
	statuses["add-channel"], statuses["remove-channel"] = 201, 204
	for op, body := range map[string]string{"edit-retro-rules": `{"rules":{"due_days":7}}`, "try-retro-rules": `{"rules":{"required":["lessons"]}}`, "change-factor": `{"do":"rename","name":"capacity","to":"load"}`,
		"put-template": `{"template":{"name":"Security","types":["real"],"sections":[{"id":"a","title":"A"}]}}`, "put-field": `{"kind":"incident","name":"cells","type":"number"}`, "template-retrospective": `{"template":"Short"}`} {
		bodies[op] = body
	}
	// A language model, and a retrospective that nobody else works on for it.
	w.must(201, "POST", "/api/v1/records/incident", `{"id":"told","fields":{"title":"Mail is down","declared_at":"2025-03-05T00:00:00Z"}}`)
	w.must(200, "POST", "/api/v1/retrospectives", `{"incident":"told"}`)
	llm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"choices":[{"message":{"content":"{\"sections\":[{\"id\":\"lessons\",\"sentences\":[{\"text\":\"It was declared.\",\"cites\":[\"T1\"]}]}]}"}}]}`)
	}))
	t.Cleanup(llm.Close)
	settings := `{"url":"` + llm.URL + `/v1","name":"m","key":"sk-secret"}`
	w.must(200, "PUT", "/api/v1/language-model", settings)
	bodies["set-language-model"], bodies["try-language-model"], bodies["draft-sections"] = settings, settings, `{"sections":["lessons"]}`
	statuses["remove-language-model"] = 204
	doc := w.must(200, "GET", "/openapi.json", "")
	n := 0
	for _, method := range []string{"get", "put", "post", "patch", "delete"} { // what is deleted is deleted last
		for path, item := range doc["paths"].(map[string]any) {
			o, ok := item.(map[string]any)[method].(map[string]any)
			if !ok {
				continue
			}
			n++
			op := o["operationId"].(string)
			for _, fill := range [][2]string{{"{metric}", "mine"}, {"{kind}", "service"}, {"/imports/{id}", "/imports/" + id}, {"/deliveries/{id}", "/deliveries/" + delivery}, {"{name}", "ours"}, {"{section}", "summary"}, {"{id}", "web"}} {
				path = strings.ReplaceAll(path, fill[0], fill[1])
			}
			if op == "unmerge-record" { // whatever the order
				w.ask("POST", strings.Replace(path, "unmerge", "merge", 1), `{"into":"db"}`)
			}
			if op == "merge-record" {
				w.ask("POST", strings.Replace(path, "merge", "unmerge", 1), "")
			}
			if op == "restore-channel" {
				w.ask("DELETE", strings.TrimSuffix(path, "/restore"), "")
			}
			if op == "undo-retro-rules" { // whatever was the last change
				doc := w.must(200, "PATCH", "/api/v1/retro-rules", `{"rules":{"due_days":8}}`)
				bodies[op] = `{"revision":` + jsonText(doc["change"].(map[string]any)["revision"]) + `}`
			}
			want := statuses[op]
			if want == 0 {
				want = http.StatusOK
			}
			if _, ok := o["responses"].(map[string]any)[jsonText(want)]; !ok {
				t.Errorf("%s: the document does not say %d", op, want)
			}
			if strings.HasPrefix(op, "get-document") || strings.HasSuffix(op, "-document") && strings.Contains(path, "retrospective-imports") {
				n := jsonText(n) // each has a document of its own
				brought := w.must(200, "POST", "/api/v1/retrospective-imports?review=true&name=d"+n+".md", "# Down "+n+"\n")
				path = strings.Replace(path, "web", brought["document"].(map[string]any)["id"].(string), 1)
			}
			if op == "decide-suggestion" {
				said := w.must(200, "POST", "/api/v1/retrospectives/web/comments", `{"section":"lessons","instead":"Test the rollback."}`)
				all := said["retrospective"].(map[string]any)["comments"].([]any)
				bodies[op] = `{"accept":true,"id":` + jsonText(all[len(all)-1].(map[string]any)["id"]) + `}`
			}
			if strings.HasSuffix(op, "-draft-batch") {
				path = strings.Replace(path, "web", "drafts-x", 1)
				w.ask("POST", "/api/v1/retrospective-drafts/drafts-x/stop", "")
			}
			if op == "import-retrospective" {
				path += "?name=down.md"
			}
			if op == "forget-person" { // whose id is in no payload
				path = strings.Replace(path, "web", "ann-lee", 1)
			}
			if op == "draft-sections" {
				path = strings.Replace(path, "web", "told", 1)
			}
			if op == "retract-judgement" {
				path += "?a=web-2&b=web"
			}
			w.must(want, strings.ToUpper(method), path, bodies[op])
		}
	}
	if n < 45 {
		t.Errorf("got %d operations, want 45 at least", n)
	}
}

// zipped is a zip file of one document.
func zipped(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	f, err := z.Create("notes/down.md")
	if err == nil {
		_, err = io.WriteString(f, "# Down again\n\nIt was down on 3 May 2025.\n")
	}
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
