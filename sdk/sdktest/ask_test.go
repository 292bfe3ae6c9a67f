package sdktest_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

func TestDescribeAndCommand(t *testing.T) {
	thingIs := sdk.Description{Text: "ACL 5 of ls1", Fields: []sdk.Field{{Name: "stage", Value: "ls_in_acl"}, {Name: "match", Value: "ip4"}}}
	info := sdk.Info{
		Describe: func(_ context.Context, id uuid.UUID) (sdk.Description, error) {
			if id != thing {
				return sdk.Description{}, errors.New("no such thing")
			}
			return thingIs, nil
		},
		Commands: map[string]func(context.Context, []string) (string, error){
			"echo": func(_ context.Context, args []string) (string, error) { return fmt.Sprint(args), nil },
			"much": func(context.Context, []string) (string, error) { return strings.Repeat("äöü\xff", 1<<19), nil },
			"fail": func(context.Context, []string) (string, error) { return "half", errors.New("out of luck") },
		},
	}
	h := sdktest.Start(t, sdktest.Options{Info: info}, dropAll("192.0.2.1"))
	h.WaitSynced()
	if d, err := h.Describe(thing); err != nil || !reflect.DeepEqual(d, thingIs) {
		t.Errorf("described as %+v, %v", d, err)
	}
	if _, err := h.Describe(other); err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("what it does not know: %v", err)
	}
	if text, err := h.Command("echo", "a", "b c"); err != nil || text != "[a b c]" {
		t.Errorf("echo: %q, %v", text, err)
	}
	if text, err := h.Command("much"); err != nil || len(text) > 1<<19 || len(text) < 1<<19-8 || !strings.HasSuffix(text, "…") {
		t.Errorf("much: %d bytes, %v", len(text), err)
	}
	if text, err := h.Command("fail"); text != "half" || err == nil || !strings.Contains(err.Error(), "out of luck") {
		t.Errorf("fail: %q, %v", text, err)
	}
	if _, err := h.Command("none"); err == nil || !strings.Contains(err.Error(), `no command "none"`) {
		t.Errorf("none: %v", err)
	}
	h.Stop()
	if _, err := h.Describe(thing); err == nil {
		t.Error("described after the end")
	}
}

func TestNothingToDescribe(t *testing.T) {
	h := sdktest.Start(t, sdktest.Options{}, dropAll("192.0.2.1"))
	h.WaitSynced()
	if _, err := h.Describe(thing); err == nil || !strings.Contains(err.Error(), "describes nothing") {
		t.Errorf("err = %v", err)
	}
}

// TestResyncAtAnyTime: before the first sync is done, twice in a row, and later with less to say. What stays the same is not sent.
func TestResyncAtAnyTime(t *testing.T) {
	wanted := make(chan []string, 4)
	asked := make(chan struct{}, 4)
	h := sdktest.Start(t, sdktest.Options{}, func(ctx context.Context, h *sdk.Host) error {
		events := h.Events()
		h.Status(true, "listening")
		for {
			addresses, ok := <-wanted
			if !ok {
				return nil
			}
			if err := dropAll(addresses...)(ctx, h); err != nil {
				return err
			}
			for again := false; !again; {
				e, ok := <-events
				if !ok {
					return nil
				}
				_, again = e.(sdk.Resync)
			}
			if err := h.SyncBegin(ctx); err != nil {
				return err
			}
			asked <- struct{}{}
		}
	})
	defer close(wanted)
	for text := ""; text != "listening"; _, text = h.Status() {
		time.Sleep(time.Millisecond)
	}
	h.Resync() // in the middle of its first sync
	wanted <- []string{"192.0.2.1", "192.0.2.2"}
	<-asked
	wanted <- []string{"192.0.2.1", "192.0.2.2"}
	h.WaitSynced()
	h.Resync()
	h.Resync()
	<-asked
	wanted <- []string{"192.0.2.1", "192.0.2.2"}
	<-asked
	if sent := h.Sent(); sent != 2 {
		t.Errorf("%d flow_mods sent, want 2: the same was said again and again", sent)
	}
	wanted <- []string{"192.0.2.2"}
	h.WaitSynced()
	if flows := h.Flows(); strings.Count(flows, "\n") != 1 || !strings.Contains(flows, "192.0.2.2") {
		t.Errorf("after a resync with less:\n%s", flows)
	}
}
