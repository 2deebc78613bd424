"""An SSH gateway for machine identities: every command is judged by Rego before the target sees a byte."""
