package responses

import (
	"bytes"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxFields is the greatest number of bytes of sets of managed fields whose text a metadataEncoder remembers.
const maxFields = 1 << 20

// metadataEncoder encodes values in JSON, with the same result as encoding/json, but metadata
// faster. Its managed fields are JSON already, which encoding/json reads and copies byte by byte. Most
// objects have the same sets of fields as others, so their text is kept.
type metadataEncoder struct {
	out  bytes.Buffer
	json *json.Encoder
	// fields are the texts of sets of managed fields by their bytes, as they are stored.
	fields map[string][]byte
	// size is the number of bytes of fields.
	size int
}

func (e *metadataEncoder) init() {
	e.json = json.NewEncoder(&e.out)
	e.fields = map[string][]byte{}
}

// value adds the text of a value.
func (e *metadataEncoder) value(value any) error {
	if err := e.json.Encode(value); err != nil {
		return err
	}
	e.out.Truncate(e.out.Len() - len("\n"))
	return nil
}

// metadata adds metadata. Managed fields, its last part, are most of it.
func (e *metadataEncoder) metadata(of metav1.ObjectMeta) error {
	managed := of.ManagedFields
	of.ManagedFields = nil
	if err := e.value(&of); err != nil || len(managed) == 0 {
		return err
	}
	e.reopen()
	e.out.WriteString(`"managedFields":[`)
	for i := range managed {
		if i > 0 {
			e.out.WriteByte(',')
		}
		if err := e.managed(managed[i]); err != nil {
			return err
		}
	}
	e.out.WriteString("]}")
	return nil
}

// managed adds an entry of the managed fields. Its last parts are the set and the subresource.
func (e *metadataEncoder) managed(entry metav1.ManagedFieldsEntry) error {
	fields, subresource := entry.FieldsV1, entry.Subresource
	entry.FieldsV1, entry.Subresource = nil, ""
	if err := e.value(&entry); err != nil || fields == nil && subresource == "" {
		return err
	}
	if fields != nil {
		text, err := e.text(fields)
		if err != nil {
			return err
		}
		e.reopen()
		e.out.WriteString(`"fieldsV1":`)
		e.out.Write(text)
		e.out.WriteByte('}')
	}
	if subresource != "" {
		e.reopen()
		e.out.WriteString(`"subresource":`)
		if err := e.value(subresource); err != nil {
			return err
		}
		e.out.WriteByte('}')
	}
	return nil
}

// reopen removes the end of the last object, so that a further field can be added to it.
func (e *metadataEncoder) reopen() {
	e.out.Truncate(e.out.Len() - len("}"))
	if !bytes.HasSuffix(e.out.Bytes(), []byte("{")) {
		e.out.WriteByte(',')
	}
}

// text returns the text of a set of fields.
func (e *metadataEncoder) text(fields *metav1.FieldsV1) ([]byte, error) {
	raw := fields.GetRawBytes()
	if len(raw) == 0 {
		return json.Marshal(fields)
	}
	if text, ok := e.fields[string(raw)]; ok {
		return text, nil
	}
	text, err := json.Marshal(fields)
	if err == nil {
		if e.size += len(raw) + len(text); e.size > maxFields {
			clear(e.fields)
			e.size = len(raw) + len(text)
		}
		e.fields[string(raw)] = text
	}
	return text, err
}
