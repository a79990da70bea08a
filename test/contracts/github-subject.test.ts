import { expect, test } from 'vitest';
import { githubSubjects, subjectsLength } from '../../contracts/github-subject.ts';

test('each branch of each repository is a subject, once', () => {
  const github = [
    { repository: 'acme/web', branches: ['main', 'release/1.x'] },
    { repository: 'acme@12/api@345', branches: ['main'] },
    { repository: 'acme/web', branches: ['main'] },
  ];
  expect(githubSubjects({ github })).toEqual([
    'repo:acme/web:ref:refs/heads/main',
    'repo:acme/web:ref:refs/heads/release/1.x',
    'repo:acme@12/api@345:ref:refs/heads/main',
  ]);
  expect(githubSubjects({ github: [] })).toEqual([]);
});

test('subjects are measured as a policy has them', () => {
  const subjects = ['repo:a/b:ref:refs/heads/main', 'repo:a/c:ref:refs/heads/main'];
  expect(subjectsLength(subjects)).toBe(JSON.stringify(subjects).length - '[]'.length + ','.length);
});
