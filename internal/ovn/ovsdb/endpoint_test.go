package ovsdb

import (
	"errors"
	"reflect"
	"testing"
)

func TestParseEndpoints(t *testing.T) {
	for list, want := range map[string][]endpoint{
		"unix:/run/db.sock":    {{text: "unix:/run/db.sock", network: "unix", address: "/run/db.sock"}},
		" tcp:10.0.0.1:6642 ,": {{text: "tcp:10.0.0.1:6642", network: "tcp", address: "10.0.0.1:6642"}},
		"tcp:sb.example":       {{text: "tcp:sb.example", network: "tcp", address: "sb.example:6640"}},
		"ssl:[::1]:6642":       {{text: "ssl:[::1]:6642", network: "tcp", address: "[::1]:6642", secure: true}},
		"ssl:[::1]":            {{text: "ssl:[::1]", network: "tcp", address: "[::1]:6640", secure: true}},
		"tcp:a:1,tcp:b:2": {{text: "tcp:a:1", network: "tcp", address: "a:1"},
			{text: "tcp:b:2", network: "tcp", address: "b:2"}},
	} {
		if got, err := parseEndpoints(list); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v; want %+v", list, got, err, want)
		}
	}
	for _, list := range []string{"", ",", "unix:", "tcp:", "ssl", "/run/db.sock", "pssl:6642", "tcp:a:1,x"} {
		if got, err := parseEndpoints(list); !errors.Is(err, ErrConfig) {
			t.Errorf("%q: %+v, %v; want ErrConfig", list, got, err)
		}
	}
}
