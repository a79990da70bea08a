/** A job of a workflow, as far as its token tells it. */
export interface Job {
  /** As a subject has it: `owner/name`, or `owner@id/name@id`. */
  readonly repository: string;
  /** `refs/heads/main`, `refs/tags/v1`, `refs/pull/7/merge`. */
  readonly ref: string;
  readonly environment?: string;
  readonly sha?: string;
}

/**
 * What GitHub calls the job: by its environment if it has one, as a pull request's if it is one, else by its ref.
 * Source: https://docs.github.com/en/actions/reference/security/oidc, "Example subject claims".
 */
export function subjectOf({ repository, ref, environment }: Job): string {
  if (environment !== undefined) return `repo:${repository}:environment:${environment}`;
  return ref.startsWith('refs/pull/') ? `repo:${repository}:pull_request` : `repo:${repository}:ref:${ref}`;
}

/** The claims that its token has of it; the repository goes without ids there. */
export function claimsOf(job: Job): Record<string, string> {
  const repository = job.repository.replace(/@[0-9]+/g, '');
  return {
    sub: subjectOf(job),
    ref: job.ref,
    repository,
    repository_owner: repository.split('/')[0]!,
    event_name: job.ref.startsWith('refs/pull/') ? 'pull_request' : 'push',
    ...(job.sha !== undefined && { sha: job.sha }),
    ...(job.environment !== undefined && { environment: job.environment }),
  };
}
