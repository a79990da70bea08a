import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { failureIds } from '../../contracts/failure.ts';
import { findingIds } from '../../contracts/finding.ts';
import { outcome } from '../../contracts/outcome.ts';
import { repositoryPath } from './repository-path.ts';

interface Article {
  readonly title: string;
  readonly text: string;
}

const runbook = readFileSync(repositoryPath('docs/runbook.md'), 'utf8');
const articles: Article[] = runbook
  .split(/^## /m)
  .slice(1)
  .map((part) => ({ title: part.split('\n', 1)[0]!.trim(), text: part }));
const titles = articles.map(({ title }) => title);

/** Ids are lower case with hyphens, outcomes are one capitalized word; what is neither has blanks in its title. */
const isFailureId = (title: string) => /^[a-z0-9-]+$/.test(title);
const isOutcome = (title: string) => /^[A-Z][A-Za-z]+$/.test(title);

/** A host that is offline is both. */
const ids = [...new Set<string>([...failureIds, ...findingIds])];

describe('the runbook', () => {
  test.each(ids)('has exactly one article on %s', (id) => {
    expect(titles.filter((title) => title === id)).toHaveLength(1);
  });

  test('has no article on a failure or finding that does not exist', () => {
    expect(titles.filter(isFailureId).filter((title) => !ids.includes(title))).toEqual([]);
  });

  test('has one article on each outcome that asks for attention, and on no other', () => {
    const calm = ['Succeeded', 'Failed'];
    const asking = outcome.options.filter((name) => !calm.includes(name));
    expect(titles.filter(isOutcome).sort()).toEqual([...asking].sort());
  });

  test.each(articles.filter(({ title }) => isFailureId(title)))(
    'says of $title what happened, what serves, why, where to look and what to do',
    ({ text }) => {
      const labels = [...text.matchAll(/^- \*\*(.+?)\*\*/gm)].map(([, label]) => label);
      expect(labels).toEqual(['What happened:', 'Serves now:', 'Why:', 'Look at:', 'Do:']);
    },
  );

  test('refers only to articles that exist', () => {
    const anchors = new Set([...runbook.matchAll(/^#+ (.+)$/gm)].map(([, title]) => anchorOf(title!)));
    const links = [...runbook.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor!);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((anchor) => !anchors.has(anchor))).toEqual([]);
  });
});

/** As GitHub makes an anchor of a heading. */
const anchorOf = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
