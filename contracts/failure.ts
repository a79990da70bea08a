import * as z from 'zod/mini';

/**
 * Every way a deployment can go wrong, by its stable id. The same id stands in the host's receipt, in the Step Functions
 * error, in the history and as the heading of an article in docs/runbook.md.
 */
export const failureIds = [
  // the request
  'invalid-config',
  'invalid-request',
  'unknown-app',
  'superseded',
  'lease-held',
  'nothing-to-close',
  'app-held',
  'no-release-before',
  'no-current-release',
  // the plan
  'image-not-found',
  'image-not-runnable',
  'image-architecture-mismatch',
  'no-host-found',
  'too-many-hosts',
  'host-offline',
  'agent-too-old',
  'rollout-too-long',
  'alarm-not-found',
  'volume-not-found',
  'volume-attaching',
  // what SSM says of a phase
  'host-unreachable',
  'phase-interrupted',
  'phase-timed-out',
  'phase-cancelled',
  'receipt-missing',
  'phase-crashed',
  // what a host says of a phase
  'invalid-parameter',
  'fence-stale',
  'host-busy',
  'unsupported-distribution',
  'host-incomplete',
  'package-install-failed',
  'volume-not-attached',
  'foreign-filesystem',
  'volume-mount-failed',
  'containers-would-stop',
  'docker-key-mismatch',
  'docker-not-ready',
  'port-80-taken',
  'slot-port-taken',
  'nginx-config-invalid',
  'nginx-not-ready',
  'parameters-unreadable',
  'environment-invalid',
  'database-unreachable',
  'database-refused',
  'sqlite-on-many-hosts',
  'registry-login-failed',
  'disk-full',
  'pull-failed',
  'migration-locked',
  'migration-failed',
  'migration-broke-live',
  'schema-ahead',
  'sqlite-backup-failed',
  'health-check-failed',
  'identity-mismatch',
  'switch-not-proven',
  'candidate-died',
  'error-rate-rose',
  'alarm-raised',
  'retire-failed',
  'revert-failed',
] as const;

export const failureId = z.enum(failureIds);
export type FailureId = z.infer<typeof failureId>;

/**
 * A named failure thrown by a Lambda. `name` is what Lambda reports as errorType and what the graph's ErrorEquals sees;
 * the message is one line for a person: what is wrong, the value, and what to do.
 */
export class Failure extends Error {
  constructor(id: FailureId, message: string, options?: ErrorOptions) {
    super(oneLine(message), options);
    this.name = id;
  }
}

/** Cuts a text to a single printable line of at most `limit` characters, so that a hostile value cannot forge a log. */
export function oneLine(text: string, limit = 400): string {
  // eslint-disable-next-line no-control-regex -- control and direction characters are exactly what must go
  const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;
  const flat = text.replace(unprintable, ' ').trim();
  return flat.length > limit ? `${flat.slice(0, limit - 1)}…` : flat;
}
