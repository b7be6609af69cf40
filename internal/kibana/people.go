package kibana

import "cmp"

// UnknownUser is the name of somebody whom Kibana does not name.
const UnknownUser = "Unknown"

// Name is how footers call a user: the full name, else the username, else
// [UnknownUser]. A missing user is unknown too. Kibana prefers the names of the
// user's profile, which are nearly always the same and need more privileges.
func (u *User) Name() string {
	if u == nil {
		return UnknownUser
	}
	return cmp.Or(u.FullName, u.Username, UnknownUser)
}

// LastUser is whom a footer names: who changed a case or comment last, else
// who created it; nil if that is not known. own is the username of our own
// writes ("" if not known): we are never named, so our change does not count
// (closing a case is one), and what we have created has nobody.
func LastUser(updated, created *User, own string) *User {
	for _, u := range []*User{updated, created} {
		if u != nil && (own == "" || u.Username != own) {
			return u
		}
	}
	return nil
}
