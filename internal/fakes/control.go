package fakes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// control serves the routes that begin with /__.
func (f *Front) control(w http.ResponseWriter, r *http.Request) {
	id, one := strings.CutPrefix(r.URL.Path, "/__faults/")
	switch route := r.Method + " " + r.URL.Path; {
	case route == "GET /__faults":
		WriteJSON(w, http.StatusOK, f.faults.List())
	case route == "POST /__faults":
		f.addFaults(w, r)
	case route == "DELETE /__faults":
		f.faults.Clear()
		w.WriteHeader(http.StatusNoContent)
	case one && r.Method == http.MethodDelete:
		if !f.faults.Remove(id) {
			ControlError(w, http.StatusNotFound, fmt.Errorf("fault rule %q: not there", id))
			return
		}
		w.WriteHeader(http.StatusNoContent)
	case route == "GET /__requests":
		f.listRequests(w, r)
	case route == "DELETE /__requests":
		f.journal.Clear()
		w.WriteHeader(http.StatusNoContent)
	case route == "GET /__state":
		WriteJSON(w, http.StatusOK, f.state())
	default:
		ControlError(w, http.StatusNotFound, fmt.Errorf("%s %q: there are GET, POST, DELETE /__faults, DELETE /__faults/{id}, GET, DELETE /__requests, GET /__state", r.Method, r.URL.Path))
	}
}

func (f *Front) addFaults(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRequestBytes))
	if err != nil {
		ControlError(w, http.StatusBadRequest, err)
		return
	}
	rules, err := DecodeRules(b)
	if err != nil {
		ControlError(w, http.StatusBadRequest, err)
		return
	}
	added, err := f.faults.Add(rules...)
	if err != nil {
		ControlError(w, http.StatusBadRequest, err)
		return
	}
	WriteJSON(w, http.StatusCreated, added)
}

func (f *Front) listRequests(w http.ResponseWriter, r *http.Request) {
	requests := f.journal.Requests()
	switch only := r.URL.Query().Get("writes"); only {
	case "true":
		requests = f.journal.Writes()
	case "", "false":
	default:
		ControlError(w, http.StatusBadRequest, fmt.Errorf("writes %q: want true or false", only))
		return
	}
	if requests == nil {
		requests = []Request{}
	}
	WriteJSON(w, http.StatusOK, map[string]any{"requests": requests, "forgotten": f.journal.Forgotten()})
}

func ControlError(w http.ResponseWriter, status int, err error) {
	WriteJSON(w, status, map[string]string{"error": err.Error()})
}

// WriteJSON answers v. What cannot be encoded is a defect of the fake and
// says so with 500.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		http.Error(w, "fake: encode answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	// An error means that the client has left: nobody to tell.
	_, _ = w.Write(b.Bytes())
}
