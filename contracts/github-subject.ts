import type { AppConfig } from './config.ts';

export const githubIssuer = 'token.actions.githubusercontent.com';
/** Whom GitHub's tokens for AWS are meant for. */
export const githubAudience = 'sts.amazonaws.com';

/**
 * What GitHub calls the jobs that may push: those that run for a branch. A job with an `environment`, of a pull request or of a tag has
 * another subject, and gets nothing. Source: https://docs.github.com/en/actions/reference/security/oidc
 */
export function githubSubjects({ github }: Pick<AppConfig, 'github'>): string[] {
  const subjects = github.flatMap(({ repository, branches }) =>
    branches.map((branch) => `repo:${repository}:ref:refs/heads/${branch}`),
  );
  return [...new Set(subjects)];
}

/** Characters of subjects in a role's trust policy, which may have 2,048 without blanks: AWS raises that on request only. */
export const subjectsLimit = 1_600;

/** How many of them these take, with quotes and commas. */
export const subjectsLength = (subjects: readonly string[]) =>
  subjects.reduce((length, subject) => length + subject.length + 3, 0);
