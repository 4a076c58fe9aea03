"""The application: its pipelines, the handlers of its two APIs, observers and pages."""
