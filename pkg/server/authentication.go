package server

import (
	"fmt"

	"k8s.io/apiserver/pkg/server/dynamiccertificates"

	"github.com/gatehouse-k8s/gatehouse/pkg/authentication"
)

func (c *Config) applyAuthentication() error {
	o, g := c.Options.Authentication, c.Generic
	ca, err := dynamiccertificates.NewDynamicCAContentFromFile("client-ca-bundle", c.keys.CA.CertFile)
	if err != nil {
		return err
	}
	var clientCA dynamiccertificates.CAContentProvider = ca
	if o.ClientCAFile != "" {
		given, err := dynamiccertificates.NewDynamicCAContentFromFile("client-ca-bundle", o.ClientCAFile)
		if err != nil {
			return fmt.Errorf("--client-ca-file: %w", err)
		}
		// The administrator's kubeconfig goes on working beside it.
		clientCA = dynamiccertificates.NewUnionCAContentProvider(given, ca)
	}
	if err := g.Authentication.ApplyClientCert(clientCA, g.SecureServing); err != nil {
		return err
	}
	g.Authentication.Authenticator, err = authentication.Config{ClientCA: clientCA, TokenFile: o.TokenFile, ServiceAccounts: c.serviceAccounts.authenticator, Anonymous: o.Anonymous}.New()
	return err
}
