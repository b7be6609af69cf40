// Package fakeservicenow plays a ServiceNow instance.
package fakeservicenow
