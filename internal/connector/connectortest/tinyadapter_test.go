package connectortest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
)

// defects are what can be wrong with the tiny adapter. Without any it is an
// adapter as it should be.
type defects struct {
	retriesCreate, saysNotApplied, trustsFirstHit, cutsBytes, takesNewest     bool
	leaksBody, showsURL, showsToken, dropsRetryAfter, plainErrors             bool
	followsRedirects, forgetsContext, leavesBodyOpen, leaksGoroutine          bool
	missingIsNone, missingSearchIsNone, emptyIsCreated, pageIsSuccess         bool
	pastesID, losesMark, createsInTwoSteps, failsAfterReadBack, countsLoosely bool
	commentsTwice, recreatesMissing, swallowsKind404s, listsForEach           bool
	countsBackwards, ignoresTargets, settlesAtOnce, hasOddLimits              bool
	changesItsMind, probesByWriting, probesBlindly, keepsNothing, retiresAny  bool
	explainsAgain, unmarksFirst, goesOnAnyway                                 bool
}

// tiny is a complete adapter for the tiny tracker.
type tiny struct {
	url     string
	client  *http.Client
	defects defects
	created atomic.Int64
}

func tinyHarness(d defects) Harness {
	return Harness{
		New: func(url string, client *http.Client) (connector.Connector, error) {
			if d.followsRedirects {
				c := *client
				c.CheckRedirect = nil
				client = &c
			}
			return &tiny{url: url, client: client, defects: d}, nil
		},
		Tracker: newTinyTracker,
		Incident: connector.Incident{Fields: []connector.Field{
			{Name: "title", Value: "Phishing in the mail room"}, {Name: "body", Value: "Somebody clicked; ünïcödé."},
		}},
		Update:  connector.Incident{Fields: []connector.Field{{Name: "title", Value: "Phishing, contained"}}},
		Secrets: []string{tinyToken},
		Targets: []string{"comments", "notes"},
		Refusal: func(words string) string { return `{"error":"` + words + `"}` },
	}
}

func (a *tiny) Capabilities() connector.Capabilities {
	can := connector.Capabilities{
		FindIncident: true, CountComments: true, ReadIncident: true, SettleTime: time.Minute,
		Limits: map[string]connector.Limit{
			"title":   {Max: tinyMaxTitle, Unit: connector.UTF16},
			"comment": {Max: tinyMaxComment, Unit: connector.Bytes},
		},
	}
	switch {
	case a.defects.settlesAtOnce:
		can.SettleTime = 0
	case a.defects.hasOddLimits:
		can.Limits["title"] = connector.Limit{Max: 100, Unit: 99}
	case a.defects.changesItsMind:
		can.MaxInFlight = int(a.created.Load())
	}
	return can
}

func (a *tiny) words(body []byte) string {
	if a.defects.leaksBody {
		return string(body)
	}
	var refusal struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(body, &refusal)
	return refusal.Error
}

func (a *tiny) send(ctx context.Context, x httpclient.Exchange, method, path string, body any) ([]byte, error) {
	if a.defects.forgetsContext {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
	}
	if a.defects.leaksGoroutine {
		go func() { <-time.After(time.Minute) }()
	}
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, reader)
	if err != nil {
		return nil, &connector.Error{Op: x.Op, Kind: connector.Rejected, Effect: connector.NotApplied, Err: errors.New("bad id")}
	}
	req.Header.Set("Authorization", "Bearer "+tinyToken)
	x.Words = a.words
	if a.defects.leavesBodyOpen {
		return a.sendCarelessly(x, req)
	}
	answer, err := x.Do(a.client, req)
	if err != nil {
		return nil, a.spoil(req, err)
	}
	return answer, nil
}

// sendCarelessly does not close the body.
func (a *tiny) sendCarelessly(x httpclient.Exchange, req *http.Request) ([]byte, error) {
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, &connector.Error{Op: x.Op}
	}
	if resp.StatusCode > 299 {
		return nil, &connector.Error{Op: x.Op, Kind: connector.Rejected, Effect: connector.NotApplied, Status: resp.StatusCode}
	}
	return io.ReadAll(resp.Body)
}

// spoil applies the defects that concern errors.
func (a *tiny) spoil(req *http.Request, err error) error {
	e := *connector.AsError("", err)
	switch {
	case a.defects.saysNotApplied:
		e.Effect = connector.NotApplied
	case a.defects.showsURL:
		e.Err = errors.New(req.URL.String())
	case a.defects.showsToken:
		e.Err = errors.New(req.Header.Get("Authorization"))
	case a.defects.dropsRetryAfter:
		e.RetryAfter = 0
	case a.defects.plainErrors:
		return errors.New("it did not work")
	case a.defects.swallowsKind404s && e.Kind == connector.NotFound:
		e.Kind = connector.Transient
	}
	return &e
}

func (a *tiny) body(id connector.CorrelationID, in connector.Incident) map[string]string {
	body := map[string]string{"mark": id.CaseID}
	for _, f := range in.Fields {
		body[f.Name], _ = f.Value.(string)
	}
	if title, ok := body["title"]; ok {
		body["title"], _ = connector.Limit{Max: tinyMaxTitle, Unit: connector.UTF16}.Cut(title)
		if a.defects.cutsBytes {
			body["title"] = title[:min(len(title), tinyMaxTitle)]
		}
	}
	return body
}

func (a *tiny) CreateIncident(ctx context.Context, id connector.CorrelationID, in connector.Incident) (connector.Ref, error) {
	const op = "create incident"
	body := a.body(id, in)
	if a.defects.createsInTwoSteps {
		delete(body, "mark")
	}
	answer, err := a.send(ctx, httpclient.Exchange{Op: op}, "POST", "/incidents", body)
	if err != nil && a.defects.retriesCreate {
		answer, err = a.send(ctx, httpclient.Exchange{Op: op}, "POST", "/incidents", body)
	}
	if err != nil {
		if a.defects.pageIsSuccess {
			return connector.Ref{ID: "1"}, nil
		}
		return connector.Ref{}, err
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(answer, &made); (err != nil || made.ID == "") && !a.defects.emptyIsCreated {
		return connector.Ref{}, &connector.Error{Op: op, Err: errors.New("answer: no id")}
	}
	if a.defects.createsInTwoSteps {
		if _, err := a.send(ctx, httpclient.Exchange{Op: op}, "PUT", "/incidents/"+made.ID, a.body(id, in)); err != nil {
			return connector.Ref{}, err
		}
	}
	if a.defects.failsAfterReadBack {
		if _, err := a.send(ctx, httpclient.Exchange{Op: op, Reads: true}, "GET", "/incidents/"+made.ID, nil); err != nil {
			return connector.Ref{}, err
		}
	}
	a.created.Add(1)
	return a.ref(made.ID), nil
}

func (a *tiny) ref(id string) connector.Ref {
	return connector.Ref{ID: id, Title: "T-" + id, URL: a.url + "/show/" + url.PathEscape(id)}
}

func (a *tiny) FindIncident(ctx context.Context, id connector.CorrelationID) (connector.Ref, error) {
	const op = "find incident"
	none := &connector.Error{Op: op, Kind: connector.NotFound, Effect: connector.NotApplied}
	x := httpclient.Exchange{Op: op, Search: !a.defects.missingSearchIsNone, Reads: true}
	answer, err := a.send(ctx, x, "GET", "/incidents?"+url.Values{"mark": {id.CaseID}}.Encode(), nil)
	if err != nil {
		return connector.Ref{}, err
	}
	var found struct {
		Incidents []tinyIncident `json:"incidents"`
	}
	_ = json.Unmarshal(answer, &found)
	if found.Incidents == nil && !a.defects.missingIsNone {
		return connector.Ref{}, &connector.Error{Op: op, Effect: connector.NotApplied, Err: errors.New("answer: no list")}
	}
	ref := connector.Ref{}
	for _, in := range found.Incidents {
		if in.Mark == id.CaseID || a.defects.trustsFirstHit {
			if ref.IsZero() || a.defects.takesNewest {
				ref = a.ref(in.ID)
			}
		}
	}
	if ref.IsZero() {
		return ref, none
	}
	return ref, nil
}

func (a *tiny) path(ref connector.Ref) string {
	if a.defects.pastesID {
		return "/incidents/" + ref.ID
	}
	return "/incidents/" + strings.ReplaceAll(url.PathEscape(ref.ID), "..", "%2E%2E")
}

func (a *tiny) UpdateIncident(ctx context.Context, id connector.CorrelationID, ref connector.Ref, in connector.Incident) error {
	body := a.body(id, in)
	if a.defects.losesMark {
		body["mark"] = ""
	}
	_, err := a.send(ctx, httpclient.Exchange{Op: "update incident"}, "PUT", a.path(ref), body)
	if err != nil && a.defects.recreatesMissing {
		_, err = a.CreateIncident(ctx, id, in)
	}
	return err
}

func (a *tiny) get(ctx context.Context, op string, ref connector.Ref) (tinyIncident, error) {
	answer, err := a.send(ctx, httpclient.Exchange{Op: op, Reads: true}, "GET", a.path(ref), nil)
	if err != nil {
		return tinyIncident{}, err
	}
	var in tinyIncident
	if err := json.Unmarshal(answer, &in); err != nil || in.ID == "" {
		return in, &connector.Error{Op: op, Effect: connector.NotApplied, Err: errors.New("answer: no incident")}
	}
	return in, nil
}

func (a *tiny) ReadIncident(ctx context.Context, ref connector.Ref, fields []string) (connector.Incident, error) {
	in, err := a.get(ctx, "read incident", ref)
	if err != nil {
		return connector.Incident{}, err
	}
	var out connector.Incident
	for _, name := range fields {
		out.Fields = append(out.Fields, connector.Field{Name: name, Value: map[string]string{"title": in.Title, "body": in.Body}[name]})
	}
	return out, nil
}

func (a *tiny) CountComments(ctx context.Context, ref connector.Ref, cs []connector.Comment) ([]int, error) {
	if len(cs) == 0 {
		return nil, nil
	}
	in, err := a.get(ctx, "count comments", ref)
	if err != nil {
		return nil, err
	}
	counts := make([]int, len(cs))
	for i, c := range cs {
		for _, have := range in.Comments {
			if connector.Digest(have) == c.Digest || a.defects.countsLoosely {
				counts[i]++
			}
		}
		if i > 0 && a.defects.listsForEach {
			_, _ = a.get(ctx, "count comments", ref)
		}
	}
	if a.defects.countsBackwards {
		slices.Reverse(counts)
	}
	return counts, nil
}

func (a *tiny) AddComment(ctx context.Context, ref connector.Ref, c connector.Comment) error {
	body := map[string]string{"text": c.Text, "place": c.Target}
	if a.defects.ignoresTargets {
		delete(body, "place")
	}
	send := func() error {
		_, err := a.send(ctx, httpclient.Exchange{Op: "add comment"}, "POST", a.path(ref)+"/comments", body)
		return err
	}
	err := send()
	if err == nil && a.defects.commentsTwice {
		return send()
	}
	return err
}
