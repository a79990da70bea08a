import { describe, expect, it } from 'vitest';
import { usesOf } from '../../scripts/check/action-files.ts';
import { problemsOf } from '../../scripts/check/check-workflows.ts';

const workflow = `on: push
permissions: {}
jobs:
  version:
    runs-on: ubuntu-latest
    outputs:
      build-version: \${{ steps.version.outputs.build-version }}
    steps:
      - id: version
        uses: ${usesOf('actions/build-version')}
  push:
    needs: version
    runs-on: ubuntu-latest
    steps:
      - uses: ${usesOf('actions/push-image')}
        with:
          app: web
      - run: echo "$VERSION"
        env:
          VERSION: \${{ needs.version.outputs.build-version }}
`;
const action = `name: An action
description: For a test
inputs:
  app:
    description: An app
runs:
  using: composite
  steps:
    - run: echo "$APP"
      shell: sh
      env:
        APP: \${{ inputs.app }}
`;

describe('the check of workflows and actions', () => {
  it('finds nothing wrong with what is right', async () => {
    expect(await problemsOf('a.yml', workflow)).toEqual([]);
    expect(await problemsOf('a/action.yml', action)).toEqual([]);
  });

  it.each([
    ['a key that there is not', 'runs-on: ubuntu', 'run-on: ubuntu', /"runs-on" section is missing/],
    [
      'an output of no job',
      'needs.version.outputs.build-',
      'needs.version.outputs.',
      /"version" is not defined/,
    ],
    ['an output of no step', 'steps.version.outputs', 'steps.other.outputs', /"other" is not defined/],
    ['an untrusted value in a command', 'echo "$VERSION"', 'echo ${{ github.head_ref }}', /untrusted/],
    ['a variable without quotes', 'echo "$VERSION"', 'echo $VERSION', /SC2086/],
    [
      'an input that our action does not have',
      'app: web',
      'application: web',
      /with application.*\n.*without app/,
    ],
    [
      'an action of ours that there is not',
      'actions/push-image@v1',
      'actions/push@v1',
      /no actions\/push\/action.yml/,
    ],
    ['YAML that is none', 'permissions: {}', 'permissions: {', /a\.yml: /],
  ])('finds %s in a workflow', async (_, right, wrong, problem) => {
    expect(workflow).toContain(right);
    expect((await problemsOf('a.yml', workflow.replace(right, wrong))).join('\n')).toMatch(problem);
  });

  it.each([
    ['a step without a shell', 'shell: sh', 'name: x', /shell/],
    ['a key that there is not', 'inputs:', 'input:', /input/],
    ['an input that there is not', 'inputs.app', 'inputs.application', /"application" is not defined/],
    ['what is not POSIX', 'echo "$APP"', 'source "$APP"', /SC3046|SC2039|SC3051/],
  ])('finds %s in an action', async (_, right, wrong, problem) => {
    expect(action).toContain(right);
    expect((await problemsOf('a/action.yml', action.replace(right, wrong))).join('\n')).toMatch(problem);
  });
});
