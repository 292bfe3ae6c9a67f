package address

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/internal/ovn/ether"
)

func TestParseWithMAC(t *testing.T) {
	const mac = "00:00:00:00:00:01"
	for text, want := range map[string]string{
		mac:                                     "01",
		" " + mac + " 10.0.0.5":                 "01 10.0.0.5/32",
		"0:0:0:0:0:a\tfd00::5/64\n10.0.0.0/24 ": "0a fd00::5/64 10.0.0.0/24",
		mac + " 10.0.0.5/255.255.255.0":         "01 10.0.0.5/24",
		mac + " fd00::/ffff:: ::/0 0.0.0.0/0":   "01 fd00::/16 ::/0 0.0.0.0/0",
		mac + " 10.0.0.5/255.255.255.255":       "01 10.0.0.5/32",
		mac + " ::ffff:10.0.0.1":                "01 ::ffff:10.0.0.1/128",
		mac + " 10.0.0.5 bad 10.0.0.6":          "01 10.0.0.5/32 bad IP address",
		mac + " 10.0.0.5/24,10.0.0.6 10.0.0.7":  "01 10.0.0.5/24 bad IP address",
		mac + ",10.0.0.5":                       "01 bad IP address",
		mac + " 10.0.0.5/33":                    "01 bad IP address",
		mac + " 10.0.0.5/-1":                    "01 10.0.0.5/32 bad IP address",
		mac + " 10.0.0.5/":                      "01 10.0.0.5/32 bad IP address",
		mac + " 10.0.0.5/255.0.255.0":           "01 bad IP address",
		mac + " 10.0.0.5/ffff::":                "01 bad IP address",
		mac + " 10.0.0.5/24/24":                 "01 10.0.0.5/24 bad IP address",
		mac + " fe80::1%eth0":                   "01 fe80::1/128 bad IP address",
		"":                                      "bad Ethernet address",
		"xx":                                    "bad Ethernet address",
		"00:00:00:00:00":                        "bad Ethernet address",
		"00:00:00:00:00:":                       "bad Ethernet address",
		"00:00:00:00:00:100":                    "bad Ethernet address",
		"00-00-00-00-00-01":                     "bad Ethernet address",
		"10.0.0.5":                              "bad Ethernet address",
	} {
		m, ips, err := ParseWithMAC(text)
		var got []string
		if !errors.Is(err, ether.ErrMAC) {
			got = append(got, fmt.Sprintf("%02x", m[5]))
		}
		for _, ip := range ips {
			got = append(got, ip.String())
		}
		for _, kind := range []error{ether.ErrMAC, ErrIP} {
			if errors.Is(err, kind) {
				got = append(got, kind.Error())
			}
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%q: %q, want %q (%v)", text, g, want, err)
		}
	}
}

func TestIsNetwork(t *testing.T) {
	for text, want := range map[string]bool{
		"10.0.0.5": false, "10.0.0.5/32": false, "10.0.0.5/24": false, "10.0.0.0/24": true, "0.0.0.0/0": true,
		"fd00::": false, "fd00::/64": true, "fd00::1/64": false,
	} {
		ips, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := IsNetwork(ips[0]); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func FuzzParseWithMAC(f *testing.F) {
	f.Add("00:00:00:00:00:01 10.0.0.5/24 fd00::/64 10.0.0.5/255.255.0.0")
	f.Fuzz(func(t *testing.T, text string) {
		_, ips, err := ParseWithMAC(text)
		for _, ip := range ips {
			if !ip.IsValid() {
				t.Errorf("%q has %v", text, ip)
			}
		}
		if errors.Is(err, ether.ErrMAC) && ips != nil {
			t.Errorf("%q has %v without an Ethernet address", text, ips)
		}
	})
}
