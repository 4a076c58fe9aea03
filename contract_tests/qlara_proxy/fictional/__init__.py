"""Fiction in place of personal data: consistent within a recording, and keyed by a secret that nobody keeps."""
