import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appKey, historyKey, type Ledger } from '../../../lambdas/lib/ledger.ts';
import { agree } from '../../../rehearsal/agreement/agree.ts';
import {
  liveSlot,
  otherSlot,
  type AppState,
  type Container,
  type Slot,
} from '../../../rehearsal/host/simulated/host-state.ts';
import { Rehearsal } from '../../../rehearsal/rehearsal.ts';
import { hostsScenario } from '../../../rehearsal/scenario/hosts.ts';
import { tellScenario, type Told } from '../../../rehearsal/scenario/tell.ts';
import { createSimulatedStage, type SimulatedStage } from '../../../rehearsal/stage/simulated-stage.ts';

const silent = { begins() {}, ended() {}, aborted: () => false };
const app = 'shop';

describe('The scenario of three hosts, on simulated ones', () => {
  let rehearsal: Rehearsal;
  let stage: SimulatedStage;
  let told: Told;
  beforeAll(async () => {
    rehearsal = await Rehearsal.start({
      configFile: 'test/rehearsal/scenario/hosts.config.ts',
      makeStage: async (tags) => (stage = await createSimulatedStage({ tags, app, hosts: 3 })),
    });
    told = await tellScenario(rehearsal, hostsScenario, silent, () => {});
  });
  afterAll(() => rehearsal?.close());

  it('goes as it should', () => {
    expect(told.problems).toEqual([]);
    expect(told.deployments.map(({ outcome, trigger }) => `${outcome} ${trigger}`)).toEqual([
      'Succeeded push',
      'Succeeded push',
      'Failed push',
      'RolledBack push',
      'RolledBack push',
      'Succeeded push',
      'Succeeded push',
      'Succeeded catch-up',
      'Succeeded catch-up',
    ]);
  });

  it('has a fourth host in the end, in a zone of the others', () => {
    expect(stage.hosts.map(({ availabilityZone }) => availabilityZone)).toEqual([
      'eu-central-1a',
      'eu-central-1b',
      'eu-central-1c',
      'eu-central-1a',
    ]);
  });

  describe('compares all after each step: it', () => {
    const lastOf = () => stage.hosts.at(-1)!;
    const stateOf = () => lastOf().state.apps.get(app)!;
    const live = () => liveSlot(stateOf()) as Slot;
    const ledgerItem = async (key: Parameters<Ledger['get']>[0], changes: object) => {
      const { ledger } = rehearsal.deployer;
      const item = (await ledger.get<Record<string, unknown>>(key))!;
      await ledger.put(key, { ...item, ...changes });
      return () => ledger.put(key, item);
    };
    const onHost = (changes: Partial<AppState>) => {
      const before = { ...stateOf() };
      Object.assign(stateOf(), changes);
      return () => Object.assign(stateOf(), before);
    };
    const onSlot = (slot: Slot, changes: Partial<Container>) =>
      onHost({ slots: { ...stateOf().slots, [slot]: { ...stateOf().slots[live()]!, ...changes } } });

    it('says nothing where all agree', async () => {
      expect(await agree(rehearsal)).toEqual([]);
    });

    it.each<[string, () => (() => unknown) | Promise<() => unknown>, RegExp[]]>([
      [
        'another release on a host',
        () => onSlot(live(), { digest: 'sha256:other' }),
        [/^i-\S+: serves sha256:other, and shop-9 says sha256:/, /and the current release is sha256:/],
      ],
      [
        'traffic to none',
        () => onHost({ live: false }),
        [/runs on \w+, which is idle/, /serves nothing/, /serves nothing/],
      ],
      [
        'a release that died',
        () => onSlot(live(), { stoppedAt: 1 }),
        [/nothing runs on \w+, which is live/, /port 80 answers from none/, /port 80 answers 502/],
      ],
      ['a stray container', () => onSlot(otherSlot(live()), {}), [/a container runs on \w+, which is idle/]],
      [
        'an Nginx that would not start',
        () => {
          lastOf().state.nginxConfigValid = false;
          return () => (lastOf().state.nginxConfigValid = true);
        },
        [/Nginx would not start again/],
      ],
      [
        'another current release',
        () => ledgerItem(appKey(app, 'current'), { digest: 'sha256:other' }),
        [
          /^the ledger's current release is sha256:other, and shop-7 left sha256:/,
          ...Array<RegExp>(4).fill(/serves/),
        ],
      ],
      [
        'another outcome',
        () => ledgerItem(historyKey(app, 'shop-5'), { outcome: 'Succeeded' }),
        [/^shop-5 is Succeeded, and its execution is FAILED/],
      ],
      [
        'a lease that is not free',
        () => ledgerItem(appKey(app, 'lease'), { open: 'open' }),
        [/the lease of shop-9 is/],
      ],
    ])('tells of %s', async (_, change, expected) => {
      const undo = await change();
      const found = await agree(rehearsal);
      await undo();
      expect(found).toEqual(expected.map((sentence) => expect.stringMatching(sentence)));
    });
  });
});
