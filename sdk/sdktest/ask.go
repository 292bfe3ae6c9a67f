package sdktest

import (
	"context"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk"
)

// Describe asks the source what a UUID is, as the operator does: Options.Info has the function that answers.
func (h *Host) Describe(id uuid.UUID) (sdk.Description, error) {
	ctx, cancel := context.WithTimeout(context.Background(), h.o.Patience)
	defer cancel()
	got, err := h.source.Describe(ctx, id)
	d := sdk.Description{Text: got.Text}
	for _, f := range got.Fields {
		d.Fields = append(d.Fields, sdk.Field(f))
	}
	return d, err
}

// Command has the source do a command, as the operator does: Options.Info has it.
func (h *Host) Command(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), h.o.Patience)
	defer cancel()
	return h.source.Command(ctx, name, args...)
}
