package sdktest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

func TestMarksOfOthers(t *testing.T) {
	heard := make(chan sdk.MarkInstalled, 10)
	h := sdktest.Start(t, sdktest.Options{Others: []string{"lflow", "physical"}}, func(ctx context.Context, h *sdk.Host) error {
		events := h.Events()
		for _, w := range [][2]string{{"lflow", "nb_cfg"}, {"physical", "port/*"}} {
			if err := h.Watch(ctx, w[0], w[1]); err != nil {
				return err
			}
		}
		if err := h.Watch(ctx, "nobody", "x"); !errors.Is(err, sdk.ErrUnknownOwner) || !strings.Contains(err.Error(), "nobody") {
			t.Errorf("watch nobody: %v", err)
		}
		if _, err := h.SyncDone(ctx); err != nil {
			return err
		}
		for e := range events {
			if m, ok := e.(sdk.MarkInstalled); ok {
				heard <- m
			}
		}
		return nil
	})
	h.Mark("physical", "port/a", "5") // before or after it is watched: it is heard of all the same
	want := func(owner, name, value string) {
		t.Helper()
		if m := <-heard; m != (sdk.MarkInstalled{Owner: owner, Name: name, Value: value}) {
			t.Errorf("%+v, want %s of %s = %q", m, name, owner, value)
		}
	}
	want("physical", "port/a", "5")
	h.WaitSynced()
	h.Mark("physical", "nb_cfg", "17") // not watched
	h.Mark("lflow", "port/a", "5")     // not watched
	h.Mark("lflow", "nb_cfg", "17")
	want("lflow", "nb_cfg", "17")
	h.Mark("physical", "port/a", "")
	want("physical", "port/a", "")
}

func TestOwnMarks(t *testing.T) {
	step := make(chan struct{})
	h := sdktest.Start(t, sdktest.Options{}, func(ctx context.Context, h *sdk.Host) error {
		first := h.Begin()
		first.Add(thing, plain)
		first.Mark("nb_cfg", "1")
		first.Mark("done", "yes")
		if _, err := first.Commit(ctx); err != nil {
			return err
		}
		<-step
		for _, wrong := range [][2]string{{"", "x"}, {"port/*", "x"}} {
			if _, err := txn(h, func(t *sdk.Txn) { t.Mark(wrong[0], wrong[1]) }).Commit(ctx); !errors.Is(err, sdk.ErrMalformed) {
				t.Errorf("mark %q: %v", wrong[0], err)
			}
		}
		if _, err := txn(h, func(t *sdk.Txn) { t.Mark("x", strings.Repeat("y", 256)) }).Commit(ctx); !errors.Is(err, sdk.ErrTooLarge) {
			t.Errorf("a long mark: %v", err)
		}
		_, err := txn(h, func(t *sdk.Txn) { t.Mark("nb_cfg", "2"); t.Mark("done", "") }).Commit(ctx)
		return err
	})
	h.WaitMark("nb_cfg", "1")
	h.WaitMark("done", "yes")
	if !strings.Contains(h.Flows(), "table=4") {
		t.Errorf("marked, and the flow is not there: %q", h.Flows())
	}
	close(step)
	h.WaitMark("nb_cfg", "2")
	h.WaitMark("done", "")
}
