// Package admin is the side door of a running host: an HTTP API on a unix socket, and the client that the command line uses.
//
//	GET /v1/status                      Status
//	GET /v1/flows?table=N&owner=NAME    []Flow, sorted by table, priority (highest first) and match
//	GET /v1/diff                        []Difference, in the same order
//	GET /v1/owners                      []Owner, as configured
//	GET /v1/conflicts                   []Conflict, in the order of the flows
//	GET /v1/plugins                     []Plugin, as configured
//	GET /v1/plugins/NAME/log?after=N    LogLines behind the line numbered N
//	POST /v1/plugins/NAME/restart       ends its process in good order and starts it again; also stop, start
//
// Answers are JSON. An error is a plain-text line with a status of 400 or above. Nothing that comes through the API can change a
// flow; what it does to a plugin leaves the plugin's flows where they are, for its owner's grace.
package admin
