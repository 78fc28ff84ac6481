package registry

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/responses"
)

// Column is a column of the server-side table, which kubectl prints.
type Column[T Object] struct {
	// Name is the heading.
	Name string
	// Type is the OpenAPI type; the default is string.
	Type string
	// Format is the OpenAPI format; the first column's is "name".
	Format string
	// Description explains the column: usually the documentation of a field,
	// see Doc. It is empty only where kube-apiserver's is.
	Description string
	// Priority above 0 shows the column only in wide output.
	Priority int32
	// Cell returns the column's value: a string, an integer or a bool.
	Cell func(obj T) any
}

// What a cell says when there is nothing to show, or nothing known.
const (
	None    = "<none>"
	Unknown = "<unknown>"
)

// NameColumn is the first column of nearly every table.
func NameColumn[T Object]() Column[T] {
	return Column[T]{Name: "Name", Format: "name", Description: Doc(metav1.ObjectMeta{}, "name"),
		Cell: func(obj T) any { return obj.GetName() }}
}

// AgeColumn is the last column of nearly every table.
func AgeColumn[T Object]() Column[T] {
	return Column[T]{Name: "Age", Description: Doc(metav1.ObjectMeta{}, "creationTimestamp"),
		Cell: func(obj T) any { return Age(obj.GetCreationTimestamp()) }}
}

// Doc returns the documentation of a field of an API type by its JSON name, for
// a column's description.
func Doc(of interface{ SwaggerDoc() map[string]string }, field string) string {
	return of.SwaggerDoc()[field]
}

// Age returns the time since t for a table cell, such as 5m.
func Age(t metav1.Time) string {
	if t.IsZero() {
		return Unknown
	}
	return duration.HumanDuration(time.Since(t.Time))
}

type table[T Object] struct {
	definitions   []metav1.TableColumnDefinition
	columns       []Column[T]
	rowConditions func(obj T) []metav1.TableRowCondition
}

// NewTable makes tables of objects by columns, with the conditions of each row
// if that is not nil.
func NewTable[T Object](columns []Column[T], rowConditions func(obj T) []metav1.TableRowCondition) rest.TableConvertor {
	t := table[T]{columns: columns, rowConditions: rowConditions}
	for _, c := range columns {
		definition := metav1.TableColumnDefinition{Name: c.Name, Type: c.Type, Format: c.Format, Description: c.Description, Priority: c.Priority}
		if definition.Type == "" {
			definition.Type = "string"
		}
		t.definitions = append(t.definitions, definition)
	}
	return t
}

// ConvertToTable implements rest.TableConvertor for an object or a list.
func (t table[T]) ConvertToTable(ctx context.Context, object, tableOptions runtime.Object) (*metav1.Table, error) {
	out := &metav1.Table{}
	if options, ok := tableOptions.(*metav1.TableOptions); !ok || !options.NoHeaders {
		out.ColumnDefinitions = t.definitions
	}
	if list, err := meta.ListAccessor(object); err == nil {
		out.ResourceVersion, out.Continue, out.RemainingItemCount = list.GetResourceVersion(), list.GetContinue(), list.GetRemainingItemCount()
		if responses.TakeRows(ctx, t.rows(object)) {
			out.Rows = []metav1.TableRow{}
			return out, nil
		}
		out.Rows = slices.AppendSeq(make([]metav1.TableRow, 0, meta.LenList(object)), t.rows(object))
		return out, nil
	}
	if o, ok := object.(T); ok {
		out.ResourceVersion = o.GetResourceVersion()
	}
	out.Rows = []metav1.TableRow{t.row(object)}
	return out, nil
}

// rows returns the rows of a list.
func (t table[T]) rows(list runtime.Object) iter.Seq[metav1.TableRow] {
	return func(yield func(metav1.TableRow) bool) {
		// It fails only for what is no list, and when no more rows are wanted.
		_ = meta.EachListItem(list, func(item runtime.Object) error {
			if !yield(t.row(item)) {
				return errors.New("no more rows are wanted")
			}
			return nil
		})
	}
}

func (t table[T]) row(object runtime.Object) metav1.TableRow {
	obj := object.(T)
	row := metav1.TableRow{Cells: make([]any, len(t.columns)), Object: runtime.RawExtension{Object: object}}
	for i, c := range t.columns {
		row.Cells[i] = c.Cell(obj)
	}
	if t.rowConditions != nil {
		row.Conditions = t.rowConditions(obj)
	}
	return row
}
