package demo

import "fmt"

// configYAML is a configuration as users write it. Only the waits are shorter than
// what real trackers need: these fakes answer at once and find at once.
const configYAML = `
kibana: {url: %[1]s, api_key: "%[5]s", public_base_url: %[1]s}
worker: {lease: 10s, drain_timeout: 5s, retry_base: 200ms, retry_cap: 1s}
connectors:
  soc-jira:
    actionTypeId: .jira
    name: SOC Jira
    config: {apiUrl: %[2]s, projectKey: SOC}
    secrets: {email: demo@soc.example, apiToken: demo}
  it-jira:
    actionTypeId: .jira
    name: IT Jira
    config: {apiUrl: %[3]s, projectKey: IT}
    secrets: {personalAccessToken: demo}
  ops-jira:
    actionTypeId: .jira
    name: OPS Jira
    config: {apiUrl: %[4]s, projectKey: OPS}
    secrets: {personalAccessToken: demo}
delivery:
  soc-jira: {deployment: cloud, find_delay: 500ms, settle_time: 500ms}
  it-jira: {find_delay: 500ms, settle_time: 500ms}
  ops-jira: {find_delay: 500ms, settle_time: 500ms}
configurations:
  - owner: securitySolution
    closure_type: close-by-pushing
    connector: {id: soc-jira, name: SOC Jira, type: .jira, fields: null}
  - owner: observability
    closure_type: close-by-user
    connector: {id: it-jira, name: IT Jira, type: .jira, fields: null}
  - owner: cases
    closure_type: close-by-user
    connector: {id: none, name: none, type: .none, fields: null}
`

func (d *Demo) configuration() []byte {
	args := []any{d.KibanaURL()}
	for _, t := range d.trackers {
		args = append(args, d.fakes.URL(t.name))
	}
	args = append(args, workerKey)
	return fmt.Appendf(nil, configYAML, args...)
}
