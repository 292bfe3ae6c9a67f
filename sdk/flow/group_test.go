package flow

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParseGroupReadsWhatStringPrints(t *testing.T) {
	for _, text := range groupTexts(t) {
		g, err := ParseGroup(text)
		if err != nil || g.String() != text || !g.IsCanonical() {
			t.Errorf("%v\n- want %s\n-  got %s", err, text, g)
		}
	}
}

func TestParseGroup(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"group_id=1,type=all,bucket=output:1,bucket=2", "group_id=1,type=all,bucket=bucket_id:0,actions=output:1,bucket=bucket_id:1,actions=output:2"},
		{"group_id=2 type=select bucket=bucket_id=1,weight=7,actions=drop bucket=weight:1,LOCAL", "group_id=2,type=select,bucket=bucket_id:1,weight:7,actions=drop,bucket=bucket_id:0,actions=LOCAL"},
		{"group_id=3,type=fast_failover,bucket=watch_port:1,watch_group:2,output:1", "group_id=3,type=ff,bucket=bucket_id:0,watch_port:1,watch_group:2,actions=output:1"},
		{"group_id=4,type=select,selection_method=hash,fields(tcp_dst,nw_src=255.0.0.0)", "group_id=4,type=select,selection_method=hash,fields(ip_src=255.0.0.0,tcp_dst)"},
	} {
		g, err := ParseGroup(tc.text)
		if err != nil || g.String() != tc.want {
			t.Errorf("%s: %v\n- want %s\n-  got %s", tc.text, err, tc.want, g)
		}
	}
}

func TestParseGroupRefuses(t *testing.T) {
	for _, tc := range []struct {
		text  string
		cause error
	}{
		{"type=all", errNoID},
		{"group_id=1", errNoType},
		{"group_id=1,type=nosuch", errGroupType},
		{"group_id=4294967041,type=all", errGroupID},
		{"group_id=1,type=indirect", errIndirect},
		{"group_id=1,type=all,bucket=weight:5,output:1", errWeight},
		{"group_id=1,type=all,bucket=watch_port:5,output:1", errWatch},
		{"group_id=1,type=ff,bucket=output:1", errWatch},
		{"group_id=1,type=all,bucket=bucket_id:5,output:1,bucket=bucket_id:5,output:2", errBucketID},
		{"group_id=1,type=all,selection_method=hash", errMethodType},
		{"group_id=1,type=select,selection_method=nosuch", errMethod},
		{"group_id=1,type=select,selection_method=dp_hash,fields=ip_src", errMethodHash},
		{"group_id=1,type=select,fields=ip_src", errMethodOther},
		{"group_id=1,type=all,bucket=nosuch", errNoAction},
		{"group_id=1,type=all" + strings.Repeat(",bucket=output:1", 3000), errGroupLarge},
	} {
		if _, err := ParseGroup(tc.text); !errors.Is(err, ErrSyntax) || !errors.Is(err, tc.cause) {
			t.Errorf("%.80s: want %v, got %v", tc.text, tc.cause, err)
		}
	}
}

func TestGroupRefs(t *testing.T) {
	g, err := ParseGroup("group_id=1,type=ff,bucket=watch_group:7,actions=group:8,bucket=watch_port:1,actions=meter:9,output:1")
	if err != nil {
		t.Fatal(err)
	}
	want := []Ref{{Kind: RefGroup, ID: 7}, {Kind: RefGroup, ID: 8}, {Kind: RefMeter, ID: 9}}
	if got := g.Refs(); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestParseMeterRefuses(t *testing.T) {
	for _, tc := range []struct {
		text  string
		cause error
	}{
		{"meter=0,kbps,band=type=drop,rate=1", errMeterID},
		{"meter=1,band=type=drop,rate=1", errMeterFlags},
		{"meter=1,kbps,pktps,band=type=drop,rate=1", errMeterFlags},
		{"meter=1,kbps", errBand},
		{"meter=1,kbps,band=type=drop", errBand},
		{"meter=1,kbps,band=type=nosuch,rate=1", errBand},
		{"meter=1,kbps,rate=1", errArgument},
	} {
		if _, err := ParseMeter(tc.text); !errors.Is(err, ErrSyntax) || !errors.Is(err, tc.cause) {
			t.Errorf("%s: want %v, got %v", tc.text, tc.cause, err)
		}
	}
}
