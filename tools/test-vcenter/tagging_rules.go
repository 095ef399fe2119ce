package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25/types"
)

type message struct {
	ID   string   `json:"id"`
	Text string   `json:"default_message"`
	Args []string `json:"args"`
}

// Why a request is not carried out, as the automation API tells it below /rest.
type refusal struct {
	status int
	kind   string
	text   string
}

func (f *refusal) write(w http.ResponseWriter) {
	w.WriteHeader(f.status)
	messages := []message{{ID: "test-vcenter." + f.kind, Text: f.text, Args: []string{}}}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type":  "com.vmware.vapi.std.errors." + f.kind,
		"value": map[string]any{"messages": messages},
	})
}

var (
	noRight    = &refusal{http.StatusForbidden, "unauthorized", "The user lacks InventoryService.Tagging.AttachTag"}
	noObject   = &refusal{http.StatusNotFound, "not_found", "The object is not in the inventory"}
	unfitType  = &refusal{http.StatusBadRequest, "invalid_argument", "The category is not for objects of this type"}
	secondOfIt = &refusal{http.StatusBadRequest, "invalid_argument", "The object has a tag of this category, which allows one"}
)

// What the stock simulator carries out and vCenter does not; nil when it is carried out. `r` is below /rest.
func (c *center) whyUntaggable(next http.Handler, r *http.Request, body []byte) *refusal {
	if !strings.HasPrefix(r.URL.Path, olderPath+"/tagging/") {
		return nil
	}
	_, rights := c.automation.state()
	isAttach := r.URL.Query().Get("~action") == "attach"
	if rights == "none" || (rights == "read" && isAttach) {
		return noRight
	}
	if !isAttach {
		return nil
	}
	var request struct {
		Object struct {
			Type  string `json:"type"`
			Value string `json:"id"`
		} `json:"object_id"`
	}
	if json.Unmarshal(body, &request) != nil {
		return nil
	}
	object := types.ManagedObjectReference{Type: request.Object.Type, Value: request.Object.Value}
	if c.registry.Get(object) == nil {
		return noObject
	}
	_, id, _ := strings.Cut(r.URL.Path, "/tag-association/id:")
	return c.whyUnfit(inside{next, r}, id, object)
}

// A tag that does not fit its category's object types or number.
func (c *center) whyUnfit(ask inside, id string, object types.ManagedObjectReference) *refusal {
	var tag tags.Tag
	var category tags.Category
	if !ask.get("tag/id:"+id, &tag) || !ask.get("category/id:"+tag.CategoryID, &category) {
		// the simulator says so
		return nil
	}
	if len(category.AssociableTypes) > 0 && !slices.Contains(category.AssociableTypes, object.Type) {
		return unfitType
	}
	if category.Cardinality != "SINGLE" {
		return nil
	}
	for _, other := range ask.attached(object) {
		var there tags.Tag
		if other != id && ask.get("tag/id:"+other, &there) && there.CategoryID == tag.CategoryID {
			return secondOfIt
		}
	}
	return nil
}

// Asks the simulator in the session of a request.
type inside struct {
	next http.Handler
	r    *http.Request
}

func (ask inside) get(path string, into any) bool {
	return ask.send(http.MethodGet, path, nil, into)
}

func (ask inside) attached(object types.ManagedObjectReference) []string {
	var found []string
	body, _ := json.Marshal(map[string]any{"object_id": map[string]string{"type": object.Type, "id": object.Value}})
	ask.send(http.MethodPost, "tag-association?~action=list-attached-tags", body, &found)
	return found
}

func (ask inside) send(method, path string, body []byte, into any) bool {
	request := httptest.NewRequest(method, olderPath+"/tagging/"+path, io.NopCloser(bytes.NewReader(body)))
	request.Header = ask.r.Header.Clone()
	answer := httptest.NewRecorder()
	ask.next.ServeHTTP(answer, request)
	told := struct {
		Value any `json:"value"`
	}{into}
	return answer.Code == http.StatusOK && json.Unmarshal(answer.Body.Bytes(), &told) == nil
}
