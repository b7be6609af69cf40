package fakeservicenow

import (
	"io"
	"net/http"
	"net/url"

	"github.com/casepush/casepush/internal/fakes"
)

// SetHibernating makes the instance hibernate, as developer instances do, or
// wakes it: meanwhile every answer is 200 with a page that says so.
func (f *Fake) SetHibernating(on bool) { f.setSwitch(&f.hibernating, on) }

// SetLoginPage makes every request of the API lead to the login page, as
// single sign-on does, or ends that.
func (f *Fake) SetLoginPage(on bool) { f.setSwitch(&f.loginPage, on) }

func (f *Fake) setSwitch(s *bool, on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*s = on
}

// switched serves a control route with which one of the two is read (GET) and
// set (PUT, true or false).
func (f *Fake) switched(w http.ResponseWriter, r *http.Request, s *bool) {
	set := func(on bool) error { f.setSwitch(s, on); return nil }
	get := func() bool { f.mu.Lock(); defer f.mu.Unlock(); return *s }
	fakes.ServeSetting(w, r, set, get)
}

// awake lets requests through unless the instance hibernates or wants a login.
func (f *Fake) awake(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		hibernating, login := f.hibernating, f.loginPage
		f.mu.Unlock()
		switch {
		case hibernating:
			page(w, "<html><head><title>Instance Hibernating page</title></head><body>This instance is hibernating</body></html>")
		case login && r.URL.Path != "/login.do":
			http.Redirect(w, r, f.base(r)+"/login.do?sysparm_url="+url.QueryEscape(r.URL.RequestURI()), http.StatusFound)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func loginForm(w http.ResponseWriter, _ *http.Request) {
	page(w, "<html><head><title>Log in | ServiceNow</title></head><body><form method=\"post\">User name, password</form></body></html>")
}

func page(w http.ResponseWriter, html string) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, html)
}
