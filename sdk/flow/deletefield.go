package flow

import "errors"

var errDelete = errors.New("only tun_metadata fields can be deleted")

// DeleteField removes a tunnel option from the packet.
func DeleteField(f *Field) Action {
	if f.flags&variable == 0 {
		return Action{err: fieldError(f, errDelete)}
	}
	b := appendID(newNicira(subDeleteField, 24), f, f.oldest())
	return finished(append(b, zeroPad[:8]...))
}

// deleteField takes NXAST_DELETE_FIELD: field(4), zeros(10).
func (w *rewriter) deleteField(a string) error {
	if err := fixed(a, 24); err != nil {
		return err
	}
	i, err := readID(a[10:])
	if err != nil {
		return err
	}
	if i.field.flags&variable == 0 {
		return fieldError(i.field, errDelete)
	}
	w.text(a[:10])
	w.id(i.field, i.field.oldest())
	w.zeros(8)
	w.zeros(2)
	return nil
}

func appendDeleteField(b []byte, a string) []byte {
	i, _ := readID(a[10:])
	return append(append(b, "delete_field:"...), i.field.name...)
}

func parseDeleteField(arg argument) (Action, error) {
	f, ok := FieldByName(arg.value)
	if !ok {
		return Action{}, errField
	}
	return DeleteField(f), nil
}
