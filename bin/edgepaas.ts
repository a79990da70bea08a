import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { App, CloudFormationValidatePlugin, Validations } from 'aws-cdk-lib';
import { InvalidConfigError } from '../contracts/config.ts';
import { bundleHandlers } from '../lib/bundle-handlers.ts';
import { EdgePaasStack } from '../lib/edgepaas-stack.ts';
import { readConfig } from '../lib/read-config.ts';

/** `-c config=<file>` takes another configuration; `-c validate=true` adds CDK's rules and cdk-nag, which cost 5 to 8 seconds. */
const app = new App({ autoSynth: false, builtinCloudFormationValidation: false });

try {
  const config = await readConfig(app.node.tryGetContext('config') ?? 'edgepaas.config.ts');
  if (String(app.node.tryGetContext('validate')) === 'true') await addValidation();
  else forgetValidation();
  const bundles = bundleHandlers(config);
  try {
    new EdgePaasStack(app, config.stackName, { config, bundlesFolder: bundles.folder });
    app.synth();
  } finally {
    bundles.remove();
  }
} catch (error) {
  if (!(error instanceof InvalidConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

/** Loaded only when asked for: it takes a second. */
async function addValidation(): Promise<void> {
  const { AwsSolutionsChecks } = await import('cdk-nag');
  Validations.of(app).addPlugins(new CloudFormationValidatePlugin(), new AwsSolutionsChecks(app));
}

/** The CLI fails on the report of an earlier run, even when this one writes none. */
function forgetValidation(): void {
  rmSync(join(app.outdir, 'validation-report.json'), { force: true });
}
