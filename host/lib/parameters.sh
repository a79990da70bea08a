# SSM hands a document's parameters over as environment variables: SSM_buildVersion becomes BUILD_VERSION here, once.

# These three become paths and names: checked here too, though SSM and the agent have done so. A receipt needs all or none.
parameters::read_identity() {
  local name='[a-z][a-z0-9-]{0,30}[a-z0-9]' identity
  identity="${SSM_app-} ${SSM_deploymentId-} ${SSM_fence-}"
  if [[ ${SSM_app+x}${SSM_deploymentId+x}${SSM_fence+x} != xxx ]]; then parameters::miss 'app, deploymentId or fence'; fi
  if [[ ! $identity =~ ^$name\ $name-[0-9]{1,9}\ [1-9][0-9]{0,8}$ ]]; then
    phase::fail invalid-parameter 'app, deploymentId or fence is not of its form'
  fi
  parameters::read app deploymentId fence
}

parameters::read() {
  local parameter source
  for parameter in "$@"; do
    source=SSM_$parameter
    if [[ ! -v $source ]]; then parameters::miss "$parameter"; fi
    parameters::upper_snake "$parameter"
    declare -g "$REPLY=${!source}"
  done
}

# As under an agent older than 3.3.2746.0, which sets no variable at all.
parameters::miss() { # name
  phase::fail invalid-parameter "Parameter $1 did not reach the host: update the SSM Agent to 3.3.2746.0 or later"
}

parameters::upper_snake() { # name in camelCase
  local rest=$1
  REPLY=
  while [[ $rest =~ ^([a-z0-9]+)([A-Z].*)$ ]]; do
    REPLY+=${BASH_REMATCH[1]^^}_
    rest=${BASH_REMATCH[2],}
  done
  REPLY+=${rest^^}
}
