"""Rules for Prometheus, routes for Alertmanager and dashboards of Grafana, as text."""
