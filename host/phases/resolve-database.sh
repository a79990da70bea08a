#!/bin/bash
# resolve-database: decides which database the release uses.
source host/lib/phase.sh
phase::begin resolve-database parameterPath declarations sslMode hostCount sqliteOnManyHosts
phase::fail phase-crashed 'not yet'
