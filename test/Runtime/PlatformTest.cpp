//===-- PlatformTest.cpp - CPU levels, thread counts, loading -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "FakeModel.h"
#include "Internal.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace moec::testing;
namespace fs = std::filesystem;

namespace {

//===-- CPU levels --------------------------------------------------------===//

struct LevelTest : ::testing::Test {
  FakeModel model;
  std::string choose(uint32_t level, uint32_t features,
                     const char *cap1 = nullptr, const char *cap2 = nullptr) {
    const char *caps[] = {cap1, cap2};
    const moec_level_desc *chosen = nullptr;
    moec::rt::Text error;
    int32_t status = moec::rt::chooseLevel(model.desc, {level, features}, caps,
                                           2, chosen, error);
    if (status == MOEC_OK)
      return chosen->name;
    return status == MOEC_UNSUPPORTED_CPU ? "unsupported" : "invalid";
  }
};

TEST_F(LevelTest, TakesTheBestThatTheCpuHas) {
  EXPECT_EQ(choose(4, MOEC_CPU_AVX512_VNNI), "x86-64-v4+vnni");
  EXPECT_EQ(choose(4, MOEC_CPU_AVX512_BF16), "x86-64-v4");
  EXPECT_EQ(choose(3, MOEC_CPU_AVX_VNNI), "x86-64-v3");
  EXPECT_EQ(choose(0, 0), "unsupported");
  model.desc.n_levels = 2;
  EXPECT_EQ(choose(3, 0), "unsupported");
}

TEST_F(LevelTest, CapsLowerOnly) {
  EXPECT_EQ(choose(4, 1, "x86-64-v4+vnni"), "x86-64-v4+vnni");
  EXPECT_EQ(choose(4, 1, "x86-64-v4"), "x86-64-v4");
  EXPECT_EQ(choose(4, 1, "x86-64-v3"), "x86-64-v3");
  EXPECT_EQ(choose(4, 1, "x86-64-v4", "x86-64-v3"), "x86-64-v3");
  EXPECT_EQ(choose(4, 1, "x86-64-v3", "x86-64-v4"), "x86-64-v3");
  EXPECT_EQ(choose(4, 1, ""), "x86-64-v4+vnni");
  EXPECT_EQ(choose(3, 0, "x86-64-v4"), "x86-64-v3");
  EXPECT_EQ(choose(4, 1, "x86-64-v2"), "unsupported");
  for (const char *name : {"v3", "x86-64-v9", "x86-64-v33", "haswell"})
    EXPECT_EQ(choose(4, 1, name), "invalid") << name;
  // A level that was not compiled: the best below it.
  model.desc.levels += 2;
  model.desc.n_levels = 1;
  EXPECT_EQ(choose(4, 1, "x86-64-v4"), "x86-64-v3");
}

TEST_F(LevelTest, DetectsThisCpu) {
  moec::rt::CpuInfo cpu = moec::rt::detectCpu();
  __builtin_cpu_init();
  uint32_t expected = __builtin_cpu_supports("x86-64-v4")   ? 4
                      : __builtin_cpu_supports("x86-64-v3") ? 3
                                                            : 0;
  EXPECT_EQ(cpu.level, expected);
  EXPECT_EQ((cpu.features & MOEC_CPU_AVX512_VNNI) != 0,
            __builtin_cpu_supports("avx512vnni") != 0);
  EXPECT_EQ((cpu.features & MOEC_CPU_AVX512_BF16) != 0,
            __builtin_cpu_supports("avx512bf16") != 0);
}

TEST_F(LevelTest, TheEnvironmentLowers) {
  const moec_api *api = model.api();
  moec_session_options options = optionsFor(model);
  moec_session *session;
  if (moec::rt::detectCpu().level >= 3) {
    ScopedEnv env("MOEC_CPU", "x86-64-v3");
    ASSERT_EQ(api->session_create(api, &options, &session), MOEC_OK);
    EXPECT_STREQ(api->session_cpu_level(session), "x86-64-v3");
    api->session_destroy(session);
  }
  ScopedEnv env("MOEC_CPU", "x86-64-v1");
  EXPECT_EQ(api->session_create(api, &options, &session), MOEC_UNSUPPORTED_CPU);
  ScopedEnv wrong("MOEC_CPU", "best");
  EXPECT_EQ(api->session_create(api, &options, &session),
            MOEC_INVALID_ARGUMENT);
}

//===-- Thread counts -----------------------------------------------------===//

/// A made-up /sys/fs/cgroup and /proc/self/cgroup.
class CgroupTest : public ::testing::Test {
protected:
  void SetUp() override {
    char folder[] = "/tmp/moec-cgroup-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    root = folder;
  }
  void TearDown() override { fs::remove_all(root); }
  void write(const std::string &path, const std::string &content) {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << content;
  }
  int32_t limit() {
    return moec::rt::cgroupCpuLimit((root / "self").c_str(),
                                    (root / "sys").c_str());
  }
  fs::path root;
};

TEST_F(CgroupTest, VersionTwo) {
  EXPECT_EQ(limit(), 0);
  write("self", "0::/a/b\n");
  EXPECT_EQ(limit(), 0);
  write("sys/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(limit(), 0);
  write("sys/a/b/cpu.max", "400000 100000\n");
  EXPECT_EQ(limit(), 4);
  // The folder above is stricter; a part of a CPU counts as one.
  write("sys/a/cpu.max", "150000 100000\n");
  EXPECT_EQ(limit(), 2);
  write("sys/a/b/cpu.max", "1000 100000\n");
  EXPECT_EQ(limit(), 1);
}

TEST_F(CgroupTest, VersionTwoInAContainer) {
  // The path is not visible, the root is the container's group.
  write("self", "0::/../../host/path\n");
  write("sys/cpu.max", "300000 100000\n");
  EXPECT_EQ(limit(), 3);
}

TEST_F(CgroupTest, VersionOne) {
  write("self", "5:memory:/x\n4:cpu,cpuacct:/docker/1\n3:cpuset:/y\n0::/\n");
  write("sys/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "-1\n");
  write("sys/cpu,cpuacct/docker/1/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(limit(), 0);
  write("sys/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "250000\n");
  EXPECT_EQ(limit(), 3);
  write("sys/cpu/cpu.cfs_quota_us", "200000\n");
  write("sys/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(limit(), 2);
}

TEST_F(CgroupTest, Nonsense) {
  for (const char *text :
       {"", "\n\n", "0", "0:", "0::", "::", ":::::\n", "cpu"}) {
    write("self", text);
    EXPECT_EQ(limit(), 0) << text;
  }
  write("self", "0::/\n");
  for (const char *text :
       {"", "x y", "99999999999999999999999999 1", "-5 10", "10 0", "10 -1"}) {
    write("sys/cpu.max", text);
    int32_t value = limit();
    EXPECT_TRUE(value >= 0 && value <= moec::rt::maxThreads) << text;
  }
  write("self", "0::/" + std::string(10000, 'a'));
  EXPECT_GE(limit(), 0);
}

TEST(Threads, TheEnvironmentDecides) {
  ScopedEnv env("MOEC_NUM_THREADS", "3");
  EXPECT_EQ(moec::rt::defaultThreadCount(), 3);
  FakeModel model;
  const moec_api *api = model.api();
  moec_session_options options = optionsFor(model);
  options.n_threads = 0;
  moec_session *session;
  ASSERT_EQ(api->session_create(api, &options, &session), MOEC_OK);
  EXPECT_EQ(api->session_threads(session), 3);
  api->session_destroy(session);
  options.n_threads = 5;
  ASSERT_EQ(api->session_create(api, &options, &session), MOEC_OK);
  EXPECT_EQ(api->session_threads(session), 5);
  api->session_destroy(session);
  ScopedEnv large("MOEC_NUM_THREADS", "999999");
  EXPECT_EQ(moec::rt::defaultThreadCount(), moec::rt::maxThreads);
}

TEST(Threads, NonsenseInTheEnvironmentIsIgnored) {
  ScopedEnv unset("MOEC_NUM_THREADS", nullptr);
  int32_t count = moec::rt::defaultThreadCount();
  EXPECT_GE(count, 1);
  for (const char *text : {"", "0", "-2", "many", "3x", "1e99"}) {
    ScopedEnv env("MOEC_NUM_THREADS", text);
    EXPECT_EQ(moec::rt::defaultThreadCount(), count) << text;
  }
}

TEST(Threads, AffinityLimits) {
  ScopedEnv unset("MOEC_NUM_THREADS", nullptr);
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &before)) {
      CPU_SET(i, &one);
      break;
    }
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(moec::rt::defaultThreadCount(), 1);
  sched_setaffinity(0, sizeof(before), &before);
}

//===-- A library of its own ----------------------------------------------===//

TEST(Library, LoadsRunsAndUnloads) {
  std::string path = MOEC_FAKE_LIBRARY;
  auto threads = [] {
    return std::distance(fs::directory_iterator("/proc/self/task"),
                         fs::directory_iterator());
  };
  auto before = threads();
  for (int i = 0; i < 50; ++i) {
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    auto query =
        reinterpret_cast<moec_query_fn>(dlsym(library, "moec_query_fake"));
    ASSERT_NE(query, nullptr);
    const moec_api *api = query();
    ASSERT_NE(api, nullptr);
    moec_session_options options = {};
    options.struct_size = sizeof(options);
    options.n_threads = 3;
    char text[300] = "";
    options.error_text = text;
    options.error_capacity = sizeof(text);
    moec_session *session;
    // The weights lie beside the library.
    ASSERT_EQ(api->session_create(api, &options, &session), MOEC_OK) << text;
    std::vector<float> x(8, 2.0f), past(6, 1.0f);
    moec_tensor in[] = {floatTensor(x, {2, 4}), floatTensor(past, {2, 1, 3})};
    moec_tensor out[2] = {};
    ASSERT_EQ(api->run(session, in, 2, out, 2), MOEC_OK)
        << api->last_error(session);
    EXPECT_EQ(static_cast<float *>(out[0].data)[7], 5.0f);
    api->tensor_release(session, &out[0]);
    api->tensor_release(session, &out[1]);
    api->session_destroy(session);
    ASSERT_EQ(dlclose(library), 0);
    EXPECT_EQ(dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD), nullptr)
        << "the library did not go";
  }
  // A joined thread may stand in /proc a moment longer.
  for (int i = 0; i < 1000 && threads() != before; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(threads(), before);
}

} // namespace
