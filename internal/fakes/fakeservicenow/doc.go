// Package fakeservicenow plays one ServiceNow instance with ITSM, Security
// Incident Response and Elastic's two applications: what the connectors
// .servicenow and .servicenow-sir talk to.
//
// # Routes
//
// Table API; v1 answers 404 where the others answer an empty list:
//
//	GET, POST                 /api/now[/v1|/v2]/table/{table}
//	GET, PATCH, PUT, DELETE   /api/now[/v1|/v2]/table/{table}/{sys_id}
//
// Its tables are incident and sn_si_incident, task (both of them, to read), and
// to read sys_journal_field, sys_dictionary and sys_choice.
//
// Elastic's applications:
//
//	POST   /api/now[/v1]/import/x_elas2_inc_int_elastic_incident
//	POST   /api/now[/v1]/import/x_elas2_sir_int_elastic_si_incident
//	GET    /api/{scope}/elastic_api/health
//	POST   /api/x_elas2_sir_int/elastic_api/incident/{sys_id}/observables
//	POST   /api/x_elas2_sir_int/elastic_api/incident/{sys_id}/observables/bulk
//
// and POST /oauth_token.do, with an assertion (RFC 7523) as the grant. People
// see an incident at /nav_to.do?uri={table}.do?sys_id={sys_id}.
//
// # What it does to what it is sent
//
// Every value becomes text, null the empty one. Unknown and read-only columns
// are passed over, and texts are cut to the dictionary's length: all without a
// word. work_notes and comments go to the journal, which is only added to; in
// the record they read as "", or as one text when display values are asked for.
// A query part with an unknown column or operator is dropped and the rest runs,
// so that strangers are found. Values are compared without regard to case, and
// rows without an ORDERBY come in the order of their sys_ids, which is none.
// Times are in UTC to the second; display values have the zone of Options.
//
// An incident's priority follows from impact and urgency; resolving or closing
// one needs close_code and close_notes.
//
// # Flavours
//
// Options make them:
//
//	Users                    Basic authentication with these alone
//	OAuth                    tokens for one client, whose JWTs are verified
//	NoElasticApps            Table API alone (usesTableApi: true)
//	NoSecurityIncidents      ITSM alone
//	Closed                   closed incidents refuse updates, or keep their values
//	InvalidQuery             glide.invalid_query.returns_no_rows
//	HiddenFields, Journal    what our users may not read
//	Mandatory, Lengths       data policies and dictionaries of other instances
//	Transform                transform maps that make an incident where they should update one
//	ImportNotifies           a second transform map, so a second item in answers
//	RequestsPerHour          rate limits: 429
//
// Control routes beyond those of all fakes, each read with GET and set with PUT:
//
//	/__permissions   {"write": false}: see [Fake.Permit]
//	/__hibernating   true: every answer is 200 with a page of HTML
//	/__login         true: every request is sent to a login page
//
// # What is not known
//
// Words of 405, 406 and 415, of the item of an import that is refused, and of
// an observable that is: near the real ones, not equal. Whether a transform map
// of Elastic's clears a field that is sent as null: here it does. What the
// length of a journal entry is: here 4,000, as the dictionary says of the field.
//
// Not played: other operators of queries than =, !=, <, <=, >, >=, STARTSWITH,
// ENDSWITH, LIKE, NOT LIKE, IN, NOT IN, ISEMPTY and ISNOTEMPTY; scripts in them;
// XML, attachments, dot-walking, input display values, other
// grants, insertMultiple, users and groups as records.
package fakeservicenow
