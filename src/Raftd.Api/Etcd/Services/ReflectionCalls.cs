using System.Collections.Frozen;
using Google.Protobuf.Reflection;
using Raftd.Api.Wire.Reflection;
using Part = Raftd.Api.Wire.Reflection.ServerReflectionRequest.MessageRequestOneofCase;

namespace Raftd.Api.Etcd.Services;

/// <summary>What there is to call, for tools such as grpcurl; of the older version too, whose messages look the same.</summary>
internal static class ReflectionCalls
{
    private static readonly FileDescriptor[] Files =
    [
        Wire.RpcReflection.Descriptor,
        Wire.KvReflection.Descriptor,
        Wire.Auth.AuthReflection.Descriptor,
        Wire.Locks.V3LockReflection.Descriptor,
        Wire.Elections.V3ElectionReflection.Descriptor,
        Wire.Health.HealthReflection.Descriptor,
        ReflectionReflection.Descriptor,
        Wire.Reflection.Alpha.ReflectionV1AlphaReflection.Descriptor,
    ];

    private static readonly FrozenDictionary<string, FileDescriptor> FilesBySymbol = Files
        .SelectMany(file => SymbolsOf(file).Select(symbol => (symbol, file)))
        .ToFrozenDictionary(row => row.symbol, row => row.file, StringComparer.Ordinal);

    public static async Task RunAsync(EtcdCall call)
    {
        while (await call.ReadAsync<ServerReflectionRequest>() is { } request)
        {
            var answer = AnswerTo(request);
            answer.ValidHost = request.Host;
            answer.OriginalRequest = request;
            await call.WriteAsync(answer);
        }
    }

    private static ServerReflectionResponse AnswerTo(ServerReflectionRequest request) => request.MessageRequestCase switch
    {
        Part.ListServices => Services(),
        Part.FileByFilename => WithFile(
            Array.Find(Files, file => file.Name == request.FileByFilename), $"there is no file {request.FileByFilename}"),
        Part.FileContainingSymbol => WithFile(
            FilesBySymbol.GetValueOrDefault(request.FileContainingSymbol), $"there is no symbol {request.FileContainingSymbol}"),
        Part.FileContainingExtension or Part.AllExtensionNumbersOfType => Error(GrpcCode.NotFound, "there are no extensions"),
        _ => Error(GrpcCode.InvalidArgument, "the request asks for nothing"),
    };

    private static ServerReflectionResponse Services()
    {
        var list = new ListServiceResponse();
        list.Service.AddRange(
            Files.SelectMany(file => file.Services).Select(service => service.FullName).Order(StringComparer.Ordinal)
                .Select(name => new ServiceResponse { Name = name }));
        return new ServerReflectionResponse { ListServicesResponse = list };
    }

    /// <summary>With all that it imports.</summary>
    private static ServerReflectionResponse WithFile(FileDescriptor? file, string otherwise)
    {
        if (file is null)
        {
            return Error(GrpcCode.NotFound, otherwise);
        }

        var response = new FileDescriptorResponse();
        response.FileDescriptorProto.AddRange(WithImports(file).Distinct().Select(part => part.SerializedData));
        return new ServerReflectionResponse { FileDescriptorResponse = response };
    }

    private static IEnumerable<FileDescriptor> WithImports(FileDescriptor file) =>
        [file, .. file.Dependencies.SelectMany(WithImports)];

    private static ServerReflectionResponse Error(GrpcCode code, string message) =>
        new() { ErrorResponse = new ErrorResponse { ErrorCode = (int)code, ErrorMessage = message } };

    private static IEnumerable<string> SymbolsOf(FileDescriptor file) =>
    [
        .. file.Services.Select(service => service.FullName),
        .. file.Services.SelectMany(service => service.Methods).Select(method => method.FullName),
        .. file.MessageTypes.SelectMany(SymbolsOf),
        .. file.EnumTypes.Select(type => type.FullName),
    ];

    private static IEnumerable<string> SymbolsOf(MessageDescriptor message) =>
    [
        message.FullName,
        .. message.NestedTypes.SelectMany(SymbolsOf),
        .. message.EnumTypes.Select(type => type.FullName),
    ];
}
