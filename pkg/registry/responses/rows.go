package responses

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// rowObjects says what the rows of a table have as their objects.
type rowObjects struct {
	// version is that of the table and of PartialObjectMetadata.
	version schema.GroupVersion
	// metadata is whether a row has the metadata of its object, or nothing.
	metadata bool
}

// rowEncoder encodes the rows of a table in JSON, with the same result as encoding/json.
type rowEncoder struct {
	metadataEncoder
	// object is the text before the metadata of an object.
	object  string
	objects rowObjects
}

func newRowEncoder(objects rowObjects) *rowEncoder {
	e := &rowEncoder{objects: objects}
	e.init()
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
