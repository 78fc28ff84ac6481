// Command gatehouse is a Kubernetes API server in one process.
package main

import (
	"os"

	"github.com/gatehouse-k8s/gatehouse/pkg/app"
)

func main() { os.Exit(app.Main()) }
