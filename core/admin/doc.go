// Package admin is the side door of a running host: an HTTP API on a unix socket, and the client that the command line uses.
//
//	GET /v1/status                      Status
//	GET /v1/flows?table=N&owner=NAME    []Flow, sorted by table, priority (highest first) and match
//	GET /v1/diff                        []Difference, in the same order
//
// Answers are JSON. An error is a plain-text line with a status of 400 or above. The API only reads: nothing that comes
// through it can change a flow.
package admin
