#include "edge/identity/profile_plan.h"

#include <gtest/gtest.h>

#include "edge/aws/test_support.h"

namespace scaler::identity {
namespace {

using json::Reader;

aws::ProfileFiles files_of(std::string_view config, std::string_view credentials = "") {
  auto files = aws::parse_profile_files(config, credentials);
  EXPECT_TRUE(files.has_value());
  return files.value_or(aws::ProfileFiles());
}

aws::ProfileSections sections_of(const Reader& test, std::string_view name) {
  aws::ProfileSections sections;
  const Reader profiles = *test.field(name);
  for (const auto& [profile, settings] : std::get<json::Object>(profiles.value().data())) {
    sections[profile].settings = aws::texts_in(profiles, profile);
  }
  return sections;
}

/// A plan's first step as the vectors have it.
struct FirstStep {
  const Reader& step;

  void operator()(const StaticKeys& keys) const {
    EXPECT_EQ(aws::text_in(step, "kind"), "AccessKey");
    EXPECT_EQ(aws::text_in(step, "access_key_id"), keys.credentials.access_key_id);
    EXPECT_EQ(aws::text_in(step, "secret_access_key"), keys.credentials.secret_access_key.reveal());
  }
  void operator()(const WebIdentity& identity) const {
    EXPECT_EQ(aws::text_in(step, "kind"), "WebIdentityToken");
    EXPECT_EQ(aws::text_in(step, "role_arn"), identity.role_arn);
    EXPECT_EQ(aws::text_in(step, "web_identity_token_file"), identity.token_file);
    EXPECT_EQ(aws::text_in(step, "role_session_name"), identity.session_name);
  }
  void operator()(const SsoRole& role) const {
    EXPECT_EQ(aws::text_in(step, "kind"), "Sso");
    EXPECT_EQ(aws::text_in(step, "sso_account_id"), role.account_id);
    EXPECT_EQ(aws::text_in(step, "sso_role_name"), role.role_name);
    EXPECT_EQ(aws::text_in(step, "sso_region"), role.region);
    EXPECT_EQ(aws::text_in(step, "sso_start_url"), role.start_url);
  }
  void operator()(const LoginSession&) const { FAIL(); }
  void operator()(const CredentialProcess&) const { FAIL(); }
  void operator()(NamedSource named) const {
    EXPECT_EQ(aws::text_in(step, "kind"), "NamedSource");
    EXPECT_EQ(aws::text_in(step, "named") == "Ec2InstanceMetadata",
              named == NamedSource::Ec2InstanceMetadata);
  }
};

void expect_plan(const Plan& plan, const std::vector<Reader>& steps) {
  ASSERT_EQ(steps.size(), plan.roles.size() + 1);
  std::visit(FirstStep{steps.front()}, plan.first);
  for (std::size_t i = 0; i < plan.roles.size(); ++i) {
    const Reader& step = steps[i + 1];
    EXPECT_EQ(aws::text_in(step, "kind"), "AssumeRole");
    EXPECT_EQ(aws::text_in(step, "role_arn"), plan.roles[i].arn);
    EXPECT_EQ(aws::text_in(step, "external_id"), plan.roles[i].external_id);
    EXPECT_EQ(aws::text_in(step, "role_session_name"), plan.roles[i].session_name);
  }
}

TEST(PlanVectors, AreFollowed) {
  const json::Value document = aws::read_vectors(SCALER_VECTORS_DIR "/credentials/plans.json");
  const std::vector<Reader> cases = *Reader(document).field("cases")->items();
  std::size_t differing = 0;
  for (const Reader& test : cases) {
    SCOPED_TRACE(aws::text_in(test, "name"));
    const aws::ProfileFiles files{.profiles = sections_of(test, "profiles"),
                                  .sso_sessions = sections_of(test, "sso_sessions")};
    const auto plan = make_plan(files, aws::text_in(test, "profile"), {});
    const bool found = plan.has_value() && plan->has_value();
    const bool differs = test.optional_field("differs").has_value();
    differing += differs ? 1U : 0U;
    ASSERT_EQ(found, test.optional_field("plan").has_value() && !differs);
    if (found) {
      expect_plan(**plan, *test.field("plan")->items());
    }
  }
  EXPECT_EQ(cases.size(), 28U);
  EXPECT_EQ(differing, 1U);
}

std::string refused(std::string_view config, const std::string& profile = "p") {
  const auto plan = make_plan(files_of(config), profile, {});
  if (plan.has_value()) {
    return plan->has_value() ? "a plan" : "nothing";
  }
  EXPECT_EQ(plan.error().kind, ErrorKind::Malformed);
  return plan.error().message;
}

FirstCredentials first_of(std::string_view config, std::string_view credentials = "") {
  const auto plan = make_plan(files_of(config, credentials), "p", {});
  EXPECT_TRUE(plan.has_value() && plan->has_value());
  return (*plan)->first;
}

TEST(Plan, NeverLeavesToTheMachineWhatIsNotUnderstood) {
  EXPECT_EQ(refused("[profile p]\nregion=x\noutput=json\ncli_pager=\ns3 =\n a = b\n"), "nothing");
  EXPECT_EQ(
      refused("[profile p]\nregion=x\nlogin_sesion=y\n"),
      "profile 'p': it has no credentials, and 'login_sesion' is not known: it may mean some");
  EXPECT_EQ(refused("[profile p]\naws access key id = x\n"),
            "profile 'p': it has no credentials, and 'aws access key id' is no setting's name: it "
            "may mean some");
  for (const std::string name : {"source_profile", "sso_session", "mfa_serial", "external_id",
                                 "credential_source", "sso_start_url", "aws_session_token"}) {
    EXPECT_EQ(refused("[profile p]\n" + name + "=x\n"),
              "profile 'p': " + name + " alone gives no credentials");
  }
}

TEST(Plan, RefusesWhatIsHalfThere) {
  EXPECT_EQ(refused("[profile p]\naws_access_key_id=\naws_secret_access_key=\n"),
            "profile 'p': aws_access_key_id and aws_secret_access_key are needed, both");
  EXPECT_EQ(refused("[profile p]\ncredential_process=\n"),
            "profile 'p': credential_process is empty");
  EXPECT_EQ(refused("[profile p]\nlogin_session=\n"), "profile 'p': login_session is empty");
  EXPECT_EQ(refused("[profile p]\nrole_arn=r\ncredential_source=environment\n"),
            "profile 'p': credential_source 'environment' is none of Environment, "
            "Ec2InstanceMetadata, EcsContainer");
  EXPECT_EQ(
      refused("[profile p]\nrole_arn=r\ncredential_source=Environment\nduration_seconds=1h\n"),
      "profile 'p': duration_seconds '1h' is not a whole number from 900 to 43200");
  EXPECT_EQ(refused("[profile p]\nrole_arn=r\nsource_profile=q\n[profile q]\nregion=x\n"),
            "profile 'q': it is a source_profile, but has no credentials");
  EXPECT_EQ(refused("[profile p]\nsso_account_id=1\nsso_role_name=r\nsso_session=s\n"),
            "profile 'p': there is no [sso-session s]");
  EXPECT_EQ(refused("[profile p]\nsso_account_id=1\nsso_role_name=r\nsso_region=x\nsso_session=s\n"
                    "[sso-session s]\nsso_region=y\n"),
            "profile 'p': sso_region differs from that of [sso-session s]");
}

TEST(Plan, TellsTheCircle) {
  EXPECT_EQ(refused("[profile p]\nrole_arn=r\nsource_profile=q\n"
                    "[profile q]\nrole_arn=r\nsource_profile=p\n"),
            "profile 'q': source_profile goes round in a circle: p -> q -> p");
}

TEST(Plan, TakesKeysBeforeOrAfterOtherWaysByTheFileThatHoldsThem) {
  const std::string_view keys = "[p]\naws_access_key_id=C\naws_secret_access_key=c\n";
  EXPECT_TRUE(std::holds_alternative<StaticKeys>(
      first_of("[profile p]\ncredential_process=x\nlogin_session=y\n", keys)));
  EXPECT_TRUE(std::holds_alternative<LoginSession>(
      first_of("[profile p]\ncredential_process=x\nlogin_session=y\naws_access_key_id=C\n"
               "aws_secret_access_key=c\n")));
  EXPECT_TRUE(std::holds_alternative<SsoRole>(first_of(
      "[profile p]\nsso_account_id=1\nsso_role_name=r\nsso_region=x\nsso_start_url=u\n", keys)));
}

TEST(Plan, PutsTheVariablesOfAWebIdentityAboveTheProfileButForARole) {
  const WebIdentity variables{.role_arn = "v", .token_file = "/t"};
  const std::string_view keys = "[profile p]\naws_access_key_id=C\naws_secret_access_key=c\n";
  EXPECT_EQ((*make_plan(files_of(keys), "p", variables))->first, FirstCredentials(variables));
  const auto role = make_plan(files_of("[profile p]\nrole_arn=r\ncredential_source=EcsContainer\n"),
                              "p", variables);
  EXPECT_EQ((*role)->first, FirstCredentials(NamedSource::EcsContainer));
  EXPECT_EQ(make_plan(files_of(""), "default", {.token_file = "/t"}).error().message,
            "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
}

TEST(Plan, KeepsTheTokenOfEitherName) {
  const auto first = first_of(
      "[profile p]\naws_access_key_id=C\naws_secret_access_key=c\n"
      "aws_security_token=t\n");
  EXPECT_EQ(std::get<StaticKeys>(first).credentials.session_token, Secret("t"));
}

}  // namespace
}  // namespace scaler::identity
