Console.WriteLine("raftd");
