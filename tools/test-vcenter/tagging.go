package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"

	// tags and their sessions, below /rest
	_ "github.com/vmware/govmomi/vapi/simulator"
)

// Where govmomi's simulator has tags: as vCenter 6.5 and later. That of 7.0 U2 and later besides, below /api, is ours over it.
const olderPath = "/rest/com/vmware/cis"

// How the automation API is asked.
type automation struct {
	mu sync.Mutex
	// Paths that are there: `all`, `rest` (below /rest alone), `api` (below /api alone) or `none`.
	paths string
	// What the user may do with tags: `all`, `read` or `none`.
	rights string
	count  automationCount
}

type automationCount struct {
	Requests int `json:"requests"`
	// Sessions that were opened and not closed.
	Open int `json:"open"`
	// Requests below /api.
	Newer int `json:"newer"`
}

func (a *automation) state() (paths, rights string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.paths, a.rights
}

func (a *automation) adjust(paths, rights *string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	set(&a.paths, paths)
	set(&a.rights, rights)
}

func (a *automation) noteRequest(isNewer bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count.Requests++
	if isNewer {
		a.count.Newer++
	}
}

func (a *automation) noteSession(method string, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if status >= 300 {
		return
	}
	switch method {
	case http.MethodPost:
		a.count.Open++
	case http.MethodDelete:
		a.count.Open--
	}
}

// Stands before the sessions and tags of the automation API.
func (c *center) guardTagging(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isNewer := r.URL.Path == "/api/session" || strings.HasPrefix(r.URL.Path, "/api/cis/tagging/")
		if !isNewer && !strings.HasPrefix(r.URL.Path, olderPath+"/") {
			next.ServeHTTP(w, r)
			return
		}
		c.automation.noteRequest(isNewer)
		paths, _ := c.automation.state()
		if paths == "none" || (isNewer && paths == "rest") || (!isNewer && paths == "api") {
			http.NotFound(w, r)
			return
		}
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return
		}
		if isNewer {
			r.URL.Path, r.URL.RawQuery = olderAddress(r.URL, body)
		}
		answer := httptest.NewRecorder()
		if refused := c.whyUntaggable(next, r, body); refused != nil {
			refused.write(answer)
		} else {
			again := r.Clone(r.Context())
			again.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(answer, again)
		}
		if strings.HasSuffix(r.URL.Path, "/session") {
			c.automation.noteSession(r.Method, answer.Code)
		}
		if isNewer {
			writeNewer(w, r, answer)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// The address below /rest that answers what is asked for below /api.
func olderAddress(newer *url.URL, body []byte) (path, query string) {
	action := newer.Query().Get("action")
	if action != "" {
		query = url.Values{"~action": {action}}.Encode()
	}
	parts := strings.Split(strings.TrimPrefix(newer.Path, "/api/"), "/")
	if parts[0] == "session" {
		return olderPath + "/session", query
	}
	var request struct {
		Category string `json:"category_id"`
	}
	_ = json.Unmarshal(body, &request)
	path = olderPath + "/" + strings.Join(parts[1:min(len(parts), 3)], "/")
	switch {
	case action == "list-tags-for-category":
		path += "/id:" + request.Category
	case len(parts) > 3:
		path += "/id:" + parts[3]
	}
	return path, query
}

// Below /api a value stands by itself, a session is made (201), and what has no value has no content (204).
func writeNewer(w http.ResponseWriter, r *http.Request, older *httptest.ResponseRecorder) {
	if older.Code != http.StatusOK {
		writeNewerError(w, older)
		return
	}
	var told struct {
		Value json.RawMessage `json:"value"`
	}
	if older.Body.Len() == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err := json.Unmarshal(older.Body.Bytes(), &told); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	// a list of nothing
	if string(told.Value) == "null" {
		told.Value = json.RawMessage("[]")
	}
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "/session") {
		w.WriteHeader(http.StatusCreated)
	}
	_, _ = w.Write(told.Value)
}

func writeNewerError(w http.ResponseWriter, older *httptest.ResponseRecorder) {
	var told struct {
		Type  string `json:"type"`
		Value struct {
			Messages []message `json:"messages"`
		} `json:"value"`
	}
	_ = json.Unmarshal(older.Body.Bytes(), &told)
	kind := strings.ToUpper(told.Type[strings.LastIndex(told.Type, ".")+1:])
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(older.Code)
	_ = json.NewEncoder(w).Encode(map[string]any{"error_type": kind, "messages": told.Value.Messages})
}
