package listencoding

import (
	"bytes"
	"encoding/json"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// maxFields is the greatest number of bytes of sets of managed fields whose text a rowEncoder remembers.
const maxFields = 1 << 20

// rowObjects says what the rows of a table have as their objects.
type rowObjects struct {
	// version is that of the table and of PartialObjectMetadata.
	version schema.GroupVersion
	// metadata is whether a row has the metadata of its object, or nothing.
	metadata bool
}

// rowEncoder encodes the rows of a table in JSON, with the same result as encoding/json.
type rowEncoder struct {
	out  bytes.Buffer
	json *json.Encoder
	// object is the text before the metadata of an object.
	object  string
	objects rowObjects
	// fields are the texts of sets of managed fields by their bytes, as they are stored: many
	// objects have the same sets.
	fields map[string][]byte
	// size is the number of bytes of fields.
	size int
}

func newRowEncoder(objects rowObjects) *rowEncoder {
	e := &rowEncoder{objects: objects, fields: map[string][]byte{}}
	e.json = json.NewEncoder(&e.out)
	e.object = `{"kind":"PartialObjectMetadata","apiVersion":"` + objects.version.String() + `","metadata":`
	return e
}

// encode returns the text of a row, which is valid until the next call.
func (e *rowEncoder) encode(row metav1.TableRow) ([]byte, error) {
	e.out.Reset()
	e.out.WriteString(`{"cells":`)
	if err := e.value(row.Cells); err != nil {
		return nil, err
	}
	if len(row.Conditions) > 0 {
		e.out.WriteString(`,"conditions":`)
		if err := e.value(row.Conditions); err != nil {
			return nil, err
		}
	}
	e.out.WriteString(`,"object":`)
	if !e.objects.metadata {
		e.out.WriteString("null}")
		return e.out.Bytes(), nil
	}
	object, err := meta.Accessor(row.Object.Object)
	if err != nil {
		return nil, err
	}
	e.out.WriteString(e.object)
	if err := e.metadata(meta.AsPartialObjectMetadata(object).ObjectMeta); err != nil {
		return nil, err
	}
	e.out.WriteString("}}")
	return e.out.Bytes(), nil
}

// value adds the text of a value.
func (e *rowEncoder) value(value any) error {
	if err := e.json.Encode(value); err != nil {
		return err
	}
	e.out.Truncate(e.out.Len() - len("\n"))
	return nil
}

// metadata adds metadata. Managed fields, its last part, are most of it.
func (e *rowEncoder) metadata(of metav1.ObjectMeta) error {
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
func (e *rowEncoder) managed(entry metav1.ManagedFieldsEntry) error {
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
func (e *rowEncoder) reopen() {
	e.out.Truncate(e.out.Len() - len("}"))
	if !bytes.HasSuffix(e.out.Bytes(), []byte("{")) {
		e.out.WriteByte(',')
	}
}

// text returns the text of a set of fields.
func (e *rowEncoder) text(fields *metav1.FieldsV1) ([]byte, error) {
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
