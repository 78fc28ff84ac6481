package main

// mainApply is the configuration that the first field manager applies.
const mainApply = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: bench-rrrrrrrr-ww-ssssss
  labels:
    app: web
    tier: front
spec:
  selector:
    matchLabels:
      app: web
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  template:
    metadata:
      labels:
        app: web
        tier: front
    spec:
      terminationGracePeriodSeconds: 20
      containers:
      - name: app
        image: registry.example/web:tick-77777777
        args: ["--v=2", "--listen=:8080"]
        ports:
        - name: http
          containerPort: 8080
        - name: metrics
          containerPort: 9090
        env:
        - name: LEVEL
          value: info
        - name: TICK
          value: tick-77777777
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
          limits:
            memory: 512Mi
        readinessProbe:
          httpGet:
            path: /healthz
            port: http
          periodSeconds: 5
        volumeMounts:
        - name: config
          mountPath: /etc/app
          readOnly: true
      volumes:
      - name: config
        configMap:
          name: web
`

// sideApply is the configuration that the second field manager applies to the
// same object.
const sideApply = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: bench-rrrrrrrr-ww-ssssss
  annotations:
    scaler.example/last: tick-77777777
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: proxy
        image: registry.example/proxy:tick-77777777
        ports:
        - name: proxy
          containerPort: 15001
`
