// Package jobspec contains the rules for jobs, which jobs and the templates in
// cron jobs share.
package jobspec
