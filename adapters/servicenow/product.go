package servicenow

import "slices"

// Type ids, as Kibana names them.
const (
	ITSMTypeID   = ".servicenow"
	SecOpsTypeID = ".servicenow-sir"
)

// Names of the incident's fields, which are those of ServiceNow's tables.
const (
	fieldShortDescription   = "short_description"
	fieldDescription        = "description"
	fieldCategory           = "category"
	fieldSubcategory        = "subcategory"
	fieldCorrelationID      = "correlation_id"
	fieldCorrelationDisplay = "correlation_display"
	fieldSeverity           = "severity"
	fieldUrgency            = "urgency"
	fieldImpact             = "impact"
	fieldPriority           = "priority"
	// fieldAdditional is none of a table's: it holds fields as JSON text.
	fieldAdditional = "additional_fields"
)

// product is what differs between the two connector types.
type product struct {
	typeID, name string
	table        string
	importTable  string // staging table of the Elastic application
	appScope     string // the application's
	observables  bool   // alerts have observables, which go to the incident
	own          []string
}

func itsm() product {
	return product{
		typeID: ITSMTypeID, name: "ServiceNow ITSM", table: "incident",
		importTable: "x_elas2_inc_int_elastic_incident", appScope: "x_elas2_inc_int",
		own: []string{fieldSeverity, fieldUrgency, fieldImpact},
	}
}

func secOps() product {
	return product{
		typeID: SecOpsTypeID, name: "ServiceNow SecOps", table: "sn_si_incident",
		importTable: "x_elas2_sir_int_elastic_si_incident", appScope: "x_elas2_sir_int",
		observables: true,
		own:         []string{"dest_ip", "malware_hash", "malware_url", "source_ip", fieldPriority},
	}
}

// order is that of Kibana's columns.
func (p product) order() []string {
	return slices.Concat(
		[]string{fieldShortDescription, fieldDescription, fieldCategory, fieldSubcategory, fieldCorrelationID, fieldCorrelationDisplay},
		p.own)
}
