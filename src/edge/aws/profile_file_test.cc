#include "edge/aws/profile_file.h"

#include <gtest/gtest.h>

#include "edge/aws/test_support.h"

namespace scaler::aws {
namespace {

using json::Reader;

std::map<std::string, ProfileSettings> settings_of(const ProfileSections& sections) {
  std::map<std::string, ProfileSettings> result;
  for (const auto& [name, section] : sections) {
    result[name] = section.settings;
  }
  return result;
}

ProfileSettings unread_of(const ProfileFiles& files) {
  ProfileSettings result;
  for (const UnreadSection& section : files.unread) {
    result[section.meant] = section.told;
  }
  return result;
}

std::map<std::string, ProfileSettings> expected(const Reader& test, std::string_view name) {
  std::map<std::string, ProfileSettings> result;
  const Reader sections = *test.field(name);
  for (const auto& [section, value] : std::get<json::Object>(sections.value().data())) {
    result[section] = texts_in(sections, section);
  }
  return result;
}

TEST(ProfileFileVectors, AreReadAsAwsReadsThem) {
  const json::Value document = read_vectors(SCALER_VECTORS_DIR "/credentials/profile_files.json");
  const std::vector<Reader> cases = *Reader(document).field("cases")->items();
  std::size_t differing = 0;
  for (const Reader& test : cases) {
    differing += test.optional_field("differs") ? 1U : 0U;
    const auto files = parse_profile_files(text_in(test, "config"), text_in(test, "credentials"));
    const std::string name = text_in(test, "name");
    ASSERT_EQ(files.has_value(), test.optional_field("profiles").has_value()) << name;
    if (files.has_value()) {
      EXPECT_EQ(settings_of(files->profiles), expected(test, "profiles")) << name;
      EXPECT_EQ(settings_of(files->sso_sessions), expected(test, "sso_sessions")) << name;
    }
  }
  EXPECT_EQ(cases.size(), 65U);
  EXPECT_EQ(differing, 2U);
}

TEST(ProfileFileVectors, AreWhereAwsExpectsThem) {
  const json::Value document = read_vectors(SCALER_VECTORS_DIR "/credentials/file_locations.json");
  std::size_t differing = 0;
  const std::vector<Reader> cases = *Reader(document).field("cases")->items();
  for (const Reader& test : cases) {
    if (test.optional_field("differs")) {
      ++differing;
      continue;
    }
    const Environment environment = texts_in(test, "environment");
    const auto paths = profile_paths(environment);
    ASSERT_TRUE(paths.has_value()) << paths.error().message;
    EXPECT_EQ(paths->config, text_in(test, "config"));
    EXPECT_EQ(paths->credentials, text_in(test, "credentials"));
    EXPECT_EQ(chosen_profile(environment)->name, text_in(test, "profile"));
  }
  EXPECT_EQ(cases.size(), 9U);
  EXPECT_EQ(differing, 5U);  // Those for Windows.
}

TEST(ProfileFile, ReadsSectionsCommentsAndGroups) {
  const auto files = parse_profile_files(
      "# comment\r\n[ profile   a ]\r\nx = 1 ; note\r\n  ; note\r\ny=a#b\n\n[services b]\ns3 =\n"
      "  k = v\nz=2\n",
      "");
  ASSERT_TRUE(files.has_value());
  EXPECT_EQ(files->profiles.at("a").settings, (ProfileSettings{{"x", "1"}, {"y", "a#b"}}));
  EXPECT_EQ(files->services.at("b").settings, (ProfileSettings{{"s3", "\nk = v"}, {"z", "2"}}));
}

TEST(ProfileFile, TakesAnIndentedFirstLineForASetting) {
  const auto files = parse_profile_files("[default]\n  a = 1\n  b = 2\n   more\n", "");
  ASSERT_TRUE(files.has_value());
  EXPECT_EQ(files->profiles.at("default").settings,
            (ProfileSettings{{"a", "1"}, {"b", "2\nmore"}}));
}

TEST(ProfileFile, ReadsNamesInQuotes) {
  const auto files = parse_profile_files("[profile \"two words\"]\na=1\n[profile 'b']\n", "");
  ASSERT_TRUE(files.has_value());
  EXPECT_EQ(files->profiles.size(), 2U);
  EXPECT_TRUE(files->profiles.contains("two words"));
}

TEST(ProfileFile, TakesAnyNameInTheCredentialsFileAsTheAwsCliWritesIt) {
  const auto files = parse_profile_files("[profile \"two words\"]\nregion=r\n",
                                         "[two words]\naws_access_key_id=K\n[a!]\nx=1\n");
  ASSERT_TRUE(files.has_value());
  EXPECT_EQ(files->profiles.at("two words").settings,
            (ProfileSettings{{"aws_access_key_id", "K"}, {"region", "r"}}));
  EXPECT_EQ(files->profiles.at("two words").secrets, (ProfileSettings{{"aws_access_key_id", "K"}}));
  EXPECT_EQ(files->profiles.at("a!").settings, (ProfileSettings{{"x", "1"}}));
}

TEST(ProfileFile, KeepsWhatItCannotRead) {
  const auto files = parse_profile_files(
      "[prod]\na=1\n[profile p]\naws role = x\n[default]\nb=1\n[profile default]\n",
      "[profile p]\nc=1\n[sso-session s]\n");
  ASSERT_TRUE(files.has_value());
  EXPECT_EQ(
      unread_of(*files),
      (ProfileSettings{
          {"profile default", "[default] is not read beside [profile default]"},
          {"profile p", "[profile p] is not read: in the credentials file it is to be [p]"},
          {"profile prod", "[prod] is not read: in the config file it is to be [profile prod]"},
          {"sso-session s", "[sso-session s] is not read: it is to stand in the config file"}}));
  EXPECT_EQ(files->profiles.at("p").unread, std::vector<std::string>{"aws role"});
}

TEST(ProfileFile, RefusesANameThatEndsAtAColon) {
  for (const char* line :
       {"role_arn: arn:aws:iam::123456789012:role/a=b", "credential_process: sh p.sh --a=b",
        "aws_secret_access_key:s=", "a:b = c", "key : value", ": = x"}) {
    const auto files = parse_profile_files("[profile p]\n" + std::string(line) + "\n", "");
    ASSERT_FALSE(files.has_value()) << line;
    EXPECT_EQ(files.error().message,
              "read config: line 2 is to be name = value, with no colon in the name");
  }
}

TEST(ProfileFile, RefusesSettingsOfAllProfiles) {
  const std::string told =
      ": line 2 is a setting of [DEFAULT], which some programs take for a setting of all "
      "profiles: write it into the profile, as into [default]";
  const std::string text = "[DEFAULT]\naws_access_key_id=K\n[default]\nregion=r\n";
  EXPECT_EQ(parse_profile_files(text, "").error().message, "read config" + told);
  EXPECT_EQ(parse_profile_files("", text).error().message, "read credentials" + told);
  const auto empty = parse_profile_files("[DEFAULT]\n[default]\nregion=r\n", "");
  ASSERT_TRUE(empty.has_value()) << empty.error().message;
  EXPECT_EQ(empty->profiles.at("default").settings, (ProfileSettings{{"region", "r"}}));
}

TEST(ProfileFile, TakesANameOfOneWordWhateverItsCharacters) {
  const auto files = parse_profile_files(
      "[profile prod\u00e9]\na=1\n[profile prod!x]\n[sso-session a&b]\n[services s!]\n"
      "[profile two words]\n[profile a\"b]\n[profile a\\b]\n[profile]\n",
      "");
  ASSERT_TRUE(files.has_value()) << files.error().message;
  EXPECT_EQ(settings_of(files->profiles),
            (std::map<std::string, ProfileSettings>{{"prod!x", {}}, {"prod\u00e9", {{"a", "1"}}}}));
  EXPECT_TRUE(files->sso_sessions.contains("a&b"));
  EXPECT_TRUE(files->services.contains("s!"));
  EXPECT_EQ(unread_of(*files).size(), 4U);
  EXPECT_EQ(unread_section(*files, "profile a\\b"),
            "[profile a\\b] is not read: write [profile \"a\\b\"]");
}

TEST(ProfileFile, NamesTheBrokenLineWithoutQuotingIt) {
  for (const char* text : {"[a]\nsecret", "\nx=1", "[a]\n=1", "\n[a", "\n[a] secret=1",
                           "\n[default]\raws_access_key_id=K\raws_secret_access_key=secret\r"}) {
    const auto files = parse_profile_files("", text);
    ASSERT_FALSE(files.has_value()) << text;
    EXPECT_EQ(files.error().message,
              "read credentials: line 2 is neither [section] nor name = value");
  }
}

TEST(ProfileFile, MayBeginWithAByteOrderMark) {
  const auto files =
      parse_profile_files("\xEF\xBB\xBF[profile p]\na=1\n", "\xEF\xBB\xBF[p]\nb=1\n");
  ASSERT_TRUE(files.has_value()) << files.error().message;
  EXPECT_EQ(files->profiles.at("p").settings, (ProfileSettings{{"a", "1"}, {"b", "1"}}));
}

class ChosenProfile : public ::testing::Test {
 protected:
  std::string refused(Environment environment) const {
    environment["HOME"] = folder.path();
    const auto profile = read_profile(environment);
    EXPECT_FALSE(profile.has_value());
    EXPECT_EQ(profile.has_value() ? ErrorKind::Denied : profile.error().kind, ErrorKind::Malformed);
    return profile.has_value() ? profile->name : profile.error().message;
  }

  TemporaryFolder folder;
};

TEST_F(ChosenProfile, ThatDoesNotExistIsToldWithThoseThatDo) {
  const std::string files =
      folder.path() + "/.aws/config and " + folder.path() + "/.aws/credentials";
  EXPECT_EQ(refused({{"AWS_PROFILE", "q"}}),
            "AWS_PROFILE: there is no profile 'q' in " + files + ", which name none");
  folder.write(".aws/config", "[profile dev]\n[prod]\n");
  folder.write(".aws/credentials", "[ci]\n");
  EXPECT_EQ(refused({{"AWS_DEFAULT_PROFILE", "q"}}),
            "AWS_DEFAULT_PROFILE: there is no profile 'q' in " + files + "; there are: ci, dev");
  EXPECT_TRUE(
      refused({{"AWS_PROFILE", "prod"}})
          .ends_with("; [prod] is not read: in the config file it is to be [profile prod]"));
}

TEST_F(ChosenProfile, IsToldWithoutWhatSteersATerminal) {
  EXPECT_TRUE(refused({{"AWS_PROFILE", "q\n\x1b[31m"}})
                  .starts_with("AWS_PROFILE: there is no profile 'q\\n\\x1b[31m' in "));
  EXPECT_EQ(refused({{"AWS_PROFILE", "a\n"}, {"AWS_DEFAULT_PROFILE", "a"}}),
            "AWS_PROFILE is 'a\\n', but AWS_DEFAULT_PROFILE is 'a'; set one of them");
}

TEST_F(ChosenProfile, NamesAServicesSectionThatIsThere) {
  folder.write(".aws/config", "[profile p]\nservices = local\n[services lokal]\n");
  EXPECT_EQ(refused({{"AWS_PROFILE", "p"}}),
            "profile 'p': services is 'local', but there is no [services local]");
}

TEST_F(ChosenProfile, IsOne) {
  EXPECT_EQ(refused({{"AWS_PROFILE", "a"}, {"AWS_DEFAULT_PROFILE", "b"}}),
            "AWS_PROFILE is 'a', but AWS_DEFAULT_PROFILE is 'b'; set one of them");
}

TEST_F(ChosenProfile, MayBeAbsentWhenNothingNamesIt) {
  const auto profile = read_profile({{"HOME", folder.path()}});
  ASSERT_TRUE(profile.has_value());
  EXPECT_FALSE(profile->exists);
  EXPECT_EQ(profile->name, "default");
}

TEST_F(ChosenProfile, IsReadFromTheHomeThatAPathNames) {
  folder.write("elsewhere", "[default]\nregion=eu-west-9\n");
  const auto profile = read_profile({{"HOME", folder.path()}, {"AWS_CONFIG_FILE", "~/elsewhere"}});
  EXPECT_EQ(profile->settings.at("region"), "eu-west-9");
}

TEST_F(ChosenProfile, IsReadFromTheVariablesThatAPathNames) {
  folder.write("$9/a$", "[default]\nregion=eu-west-9\n");
  for (const char* path :
       {"$HOME/$9/a$", "${HOME}$NONE/$9/a$", "$TILDE/$9/a$", "$HOME_${NONE}/$9/a$"}) {
    const auto profile = read_profile({{"HOME", folder.path()},
                                       {"HOME_", folder.path()},
                                       {"NONE", ""},
                                       {"9", "$9"},
                                       {"TILDE", "~"},
                                       {"AWS_CONFIG_FILE", path}});
    ASSERT_TRUE(profile.has_value()) << profile.error().message;
    EXPECT_TRUE(profile->exists) << path;
  }
}

TEST_F(ChosenProfile, IsLookedForInNoPathThatIsNotUnderstood) {
  EXPECT_EQ(refused({{"AWS_CONFIG_FILE", "/a/$HOM/b"}}),
            "AWS_CONFIG_FILE: '/a/$HOM/b' names HOM, which is not set");
  EXPECT_EQ(refused({{"AWS_SHARED_CREDENTIALS_FILE", "${X Y}"}}),
            "AWS_SHARED_CREDENTIALS_FILE: '${X Y}' names X Y, which is not set");
  EXPECT_EQ(refused({{"AWS_CONFIG_FILE", "~somebody/x"}}),
            "AWS_CONFIG_FILE: '~somebody/x': no other user's home is looked up: write it out");
  EXPECT_EQ(read_profile({{"AWS_CONFIG_FILE", "~/x"}}).error().message,
            "AWS_CONFIG_FILE: '~/x' needs HOME, which is not set");
}

TEST_F(ChosenProfile, WhoseHeaderIsNotReadIsToldHowToWriteIt) {
  folder.write(".aws/config", "[profile two words]\n");
  EXPECT_TRUE(refused({{"AWS_PROFILE", "two words"}})
                  .ends_with("; [profile two words] is not read: write [profile \"two words\"]"))
      << refused({{"AWS_PROFILE", "two words"}});
  folder.write(".aws/config", "[profile default]\n");
  folder.write(".aws/credentials", "[profile p]\n");
  EXPECT_TRUE(refused({{"AWS_PROFILE", "p"}})
                  .ends_with("; [profile p] is not read: in the credentials file it is to be [p]"))
      << refused({{"AWS_PROFILE", "p"}});
}

}  // namespace
}  // namespace scaler::aws
